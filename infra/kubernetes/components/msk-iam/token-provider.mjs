/**
 * Tokens for Amazon MSK with IAM, signed with the role of the pod. The signer is a dependency of the project in the
 * image, because its release follows AWS and not Runlane.
 */
import { createRequire } from 'node:module';

const project = process.env['LANGGRAPH_CONFIG'] ?? '/app/langgraph.json';
const { generateAuthToken } = createRequire(project)('aws-msk-iam-sasl-signer-js');

/** @returns {Promise<{ value: string, expiresAtMs: number }>} */
// oxlint-disable-next-line import/no-default-export -- what the services call is the default export
export default async function provideToken() {
  const region = process.env['AWS_REGION'];
  if (!region) throw new Error('AWS_REGION is not set: set it to the region of the MSK cluster.');
  const { token, expiryTime } = await generateAuthToken({ region });
  return { value: token, expiresAtMs: expiryTime };
}
