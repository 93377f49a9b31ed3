export const endings: readonly string[] = ['', 's'];
