/**
 * Validates answers against their JSON Schema. The form's usual validator compiles schemas to code, which the page's content
 * security policy forbids; this one interprets them.
 */
import { Validator } from '@cfworker/json-schema';
import type { OutputUnit, Schema } from '@cfworker/json-schema';
import { toErrorSchema, validationDataMerge } from '@rjsf/utils';
import type { RJSFSchema, RJSFValidationError, ValidationData, ValidatorType } from '@rjsf/utils';

/** The errors of data against a schema; empty when it is valid. `root`: the schema in which references are resolved. */
export function schemaErrors(schema: RJSFSchema, data: unknown, root: RJSFSchema = schema): RJSFValidationError[] {
  const { definitions, $defs } = root;
  const whole = {
    ...(definitions === undefined ? {} : { definitions }),
    ...($defs === undefined ? {} : { $defs }),
    ...schema,
  };
  // As in JSON: fields that were left empty in the form are absent.
  const json: unknown = data === undefined ? undefined : JSON.parse(JSON.stringify(data));
  const { errors } = new Validator(whole as Schema, '2020-12', false).validate(json);
  return errors.filter(isCause).map(({ keyword, error, instanceLocation }) => {
    const property = pathOf(instanceLocation);
    return { name: keyword, property, message: error, stack: `${property.slice(1) || 'The answer'}: ${error}` };
  });
}

export const validator: ValidatorType = {
  validateFormData(data, schema, _customValidate, transformErrors): ValidationData<unknown> {
    const found = schemaErrors(schema, data);
    const errors = transformErrors === undefined ? found : transformErrors(found);
    return validationDataMerge({ errors, errorSchema: toErrorSchema(errors) });
  },
  isValid: (schema, data, root) => schemaErrors(schema, data, root).length === 0,
  rawValidation<Result>(schema: RJSFSchema, data: unknown) {
    return { errors: schemaErrors(schema, data) as Result[] };
  },
};

/** Keywords that contain other schemas only repeat the errors of these. */
function isCause({ keyword }: OutputUnit): boolean {
  return !['properties', 'items', 'prefixItems', '$ref', 'additionalProperties', 'patternProperties'].includes(keyword);
}

function pathOf(location: string): string {
  return location
    .slice(1)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}
