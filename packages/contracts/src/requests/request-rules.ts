import type { JsonObject } from '../json.ts';
import { runCancelCombinations } from './run-cancel.ts';
import { runCreateCombinations } from './run-create-combinations.ts';
import { jsonSchemas } from '../schemas.ts';
import type { JsonSchema } from '../schemas.ts';

/** What a request has to keep to: its schema, and the combinations with the words for each, which a schema does not have. */
export type RequestRules = {
  schema: JsonSchema;
  /** A request that fits `forbidden` has `problem` at `path`. */
  combinations: { path: string; problem: string; forbidden: JsonObject }[];
};

/** The rules of both requests as data, for clients in other languages. */
export function requestRules(): { RunCreate: RequestRules; RunCancel: RequestRules } {
  const { RunCreate, RunCancel } = jsonSchemas();
  const asData = ({ path, problem, forbidden }: RequestRules['combinations'][number]) => ({ path, problem, forbidden });
  return {
    RunCreate: { schema: RunCreate, combinations: runCreateCombinations.map(asData) },
    RunCancel: { schema: RunCancel, combinations: runCancelCombinations.map(asData) },
  };
}
