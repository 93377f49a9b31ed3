/** Takes a section apart and collects what is wrong with it, so that all of it can be reported at once. */
export class SectionReader {
  readonly #problems: string[];

  constructor(problems: string[]) {
    this.#problems = problems;
  }

  problem(where: string, what: string): void {
    this.#problems.push(`${where} ${what}.`);
  }

  /** @param known the keys it may have; null: any */
  object(value: unknown, where: string, known: readonly string[] | null): Record<string, unknown> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.problem(where, 'must be an object');
      return {};
    }
    const entries = Object.entries(value);
    for (const [key] of entries) {
      if (known !== null && !known.includes(key)) {
        this.problem(where, `has the unknown key ${JSON.stringify(key)}; it can have ${known.join(', ')}`);
      }
    }
    return Object.fromEntries(entries);
  }

  flag(value: unknown, where: string): boolean {
    return (
      this.value(value, where, 'must be true or false', (flag) => (typeof flag === 'boolean' ? flag : null)) ?? false
    );
  }

  value<T>(value: unknown, where: string, rule: string, parse: (value: unknown) => T | null): T | null {
    if (value === undefined || value === null) return null;
    const parsed = parse(value);
    if (parsed === null) this.problem(where, rule);
    return parsed;
  }

  list<T>(value: unknown, where: string, rule: string, parse: (value: unknown) => T | null): T[] | null {
    return this.value(value, where, rule, (list) => {
      if (!Array.isArray(list)) return null;
      const parsed = list.map((element: unknown) => parse(element));
      return parsed.every((element): element is NonNullable<typeof element> & T => element !== null) ? parsed : null;
    });
  }
}
