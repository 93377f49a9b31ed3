/** A text with its templates filled in, or what is wrong with it. */
export type FilledTemplate = { kind: 'ok'; text: string } | { kind: 'problem'; problem: string };

/**
 * Fills `${{ env.NAME }}` in, as often as it occurs. Only variables that begin with `prefix` can be named, so that a
 * project's file cannot send the services' own secrets away.
 */
export function fillTemplate(
  template: string,
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
): FilledTemplate {
  const problems: string[] = [];
  const text = template.replace(/\$\{\{(.*?)\}\}/gs, (whole: string, inner: string) => {
    const name = /^\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*$/.exec(inner)?.[1];
    const value = name === undefined ? undefined : environment[name];
    if (name === undefined) problems.push('has a template other than ${{ env.NAME }}');
    else if (!name.startsWith(prefix)) problems.push(`names the variable ${name}, which does not begin with ${prefix}`);
    else if (value === undefined || value === '') problems.push(`names the variable ${name}, which is not set`);
    return value ?? whole;
  });
  if (problems.length === 0 && template.replace(/\$\{\{.*?\}\}/gs, '').includes('${{')) {
    problems.push('has a template without its end; write ${{ env.NAME }}');
  }
  return problems[0] === undefined ? { kind: 'ok', text } : { kind: 'problem', problem: problems.join('; ') };
}
