import { z } from 'zod';

/** What is known about one variable besides its type. */
export type VariableDescription = {
  description: string;
  /** A value to copy, or null. */
  example: string | null;
  /** Whether its value must never be shown. */
  isSecret: boolean;
  /** Text that means the default, `''` when unset is the default, null when the variable is required. */
  defaultText: string | null;
};

/** Reads description, example and secrecy from a schema's metadata, and the default from the schema itself. */
export function describeVariable(schema: z.ZodObject, name: string): VariableDescription {
  const variable = schema.shape[name];
  const meta = variable === undefined ? undefined : metaOf(variable);
  return {
    description: meta?.description ?? '',
    example: typeof meta?.['example'] === 'string' ? meta['example'] : null,
    isSecret: meta?.['secret'] === true,
    defaultText: variable === undefined ? null : defaultOf(variable),
  };
}

/** Metadata sits on one schema instance, so `.optional()` around a described variable hides it; look inside. */
function metaOf(variable: z.core.$ZodType): z.core.GlobalMeta | undefined {
  const own = z.globalRegistry.get(variable);
  if (own !== undefined) return own;
  const inner = innerOf(variable);
  return inner === null ? undefined : metaOf(inner);
}

function innerOf(variable: z.core.$ZodType): z.core.$ZodType | null {
  return variable instanceof z.ZodOptional || variable instanceof z.ZodNullable || variable instanceof z.ZodDefault
    ? variable.unwrap()
    : null;
}

function defaultOf(variable: z.core.$ZodType): string | null {
  const unset = z.safeParse(variable, undefined);
  if (!unset.success) return null;
  const value = unset.data;
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
}
