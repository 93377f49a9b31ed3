const { endings } = await import('./endings');
export const plural = (word: string, count: number): string => `${count} ${word}${endings[count === 1 ? 0 : 1]}`;
