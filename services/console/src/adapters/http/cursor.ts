import type { z } from 'zod';
import { BadRequest } from './bad-request.ts';

/** A place in a list, as the page keeps it: opaque JSON. */
export function cursorText(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Thrown: BadRequest when the text is no place in such a list. */
export function readCursor<T>(schema: z.ZodType<T>, text: string | undefined): T | null {
  if (text === undefined || text === '') return null;
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw new BadRequest('The page to go on with is malformed; begin with the first one.', { cause: error });
  }
  const read = schema.safeParse(place);
  if (!read.success) throw new BadRequest('The page to go on with is of another list; begin with the first one.');
  return read.data;
}
