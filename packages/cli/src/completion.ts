/** `completion`: scripts that complete commands and options in a shell, made of the commands themselves. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** A shell that has not set its completion up has no compdef. */
const ZSH_HEAD = `(( $+functions[compdef] )) || { autoload -U +X compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
`;

/** The script of a shell, to be evaluated when it starts. zsh runs that of bash. */
export function completionScript(shell: Shell, runlane: Command): string {
  return shell === 'zsh' ? `${ZSH_HEAD}${bashScript(runlane)}` : bashScript(runlane);
}

/**
 * Looks at the words that are no options: as far as they name commands, what may follow is known. zsh runs it too, so it has
 * no names that mean something there (path, words), and says `$` before each name in an index.
 */
function bashScript(runlane: Command): string {
  const cases = commandsOf(runlane, []).map(
    ({ path, words }) => `    '${path.join(' ')}') offered='${words.join(' ')}' ;;`,
  );
  return `_runlane() {
  local current="\${COMP_WORDS[$COMP_CWORD]}" place='' offered='' word next
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "$word" in -*) continue ;; esac
    next="\${place:+$place }$word"
    case "$next" in ${commandsOf(runlane, [])
      .filter(({ path }) => path.length > 0)
      .map(({ path }) => `'${path.join(' ')}'`)
      .join('|')}) place="$next" ;; esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
complete -o default -F _runlane runlane
`;
}

type Place = { path: string[]; words: string[] };

/** Each command with what may be typed behind it. */
function commandsOf(command: Command, path: string[]): Place[] {
  const names = command.commands.map((child) => child.name());
  const options = command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
  const here = { path, words: [...names, ...options, '--help'] };
  return [here, ...command.commands.flatMap((child) => commandsOf(child, [...path, child.name()]))];
}
