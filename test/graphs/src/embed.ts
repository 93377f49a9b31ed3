/** Embeddings without a model: how often a text has the letters a, b and c. */
const count = (text: string, letter: string) => text.split(letter).length - 1;
const vectorOf = (text: string) => ['a', 'b', 'c'].map((letter) => 0.01 + count(text, letter));

export const embed = async (texts: string[]) => texts.map((text) => vectorOf(text));

export const embeddings = {
  embedDocuments: embed,
  embedQuery: async (text: string) => vectorOf(text),
};

export const tooShort = async (texts: string[]) => texts.map(() => [1, 2]);

export const nothing = 7;
