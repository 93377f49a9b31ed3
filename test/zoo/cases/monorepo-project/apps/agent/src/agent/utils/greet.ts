export const greet = (name: string, mood: string) => `A ${mood} hello to ${name}.`;
