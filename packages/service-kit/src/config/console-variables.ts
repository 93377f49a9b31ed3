import { z } from 'zod';
import { signInVariables } from './sign-in-variables.ts';
import { wholeNumber } from './variable-types.ts';

/** What configures the console and nothing else. */
export const consoleVariables = {
  RUNLANE_CONSOLE_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .meta({ description: 'Address that the console listens on. 0.0.0.0: all addresses of the machine or pod.' }),
  RUNLANE_CONSOLE_PORT: wholeNumber({ min: 1, max: 65_535 }).nullable().default(null).meta({
    description: 'Port of the console. Unset: a free port, which is logged.',
    example: '8090',
  }),
  RUNLANE_CONSOLE_URL: z
    .string()
    .refine((text) => URL.canParse(text) && isOrigin(new URL(text)), {
      error: 'must be an origin without a path, such as https://console.example',
    })
    .nullable()
    .default(null)
    .meta({
      description:
        'Address at which people reach the console, such as https://console.example. Unset: the one that browsers ask for. Over https its ' +
        'cookies are secure.',
    }),
  RUNLANE_CONSOLE_TRACE_URL: z
    .string()
    .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text) && text.includes('{trace_id}'), {
      error: 'must be an http(s) URL with {trace_id} in it, such as https://traces.example/trace/{trace_id}',
    })
    .nullable()
    .default(null)
    .meta({
      description: 'Where the trace of a run is shown, with {trace_id} in it: the console links to it.',
      example: 'https://traces.example/trace/{trace_id}',
    }),
  RUNLANE_CONSOLE_ACTIONS: z
    .enum(['off', 'on'], { error: 'must be off or on' })
    .default('off')
    .meta({
      description:
        'Whether people may act in the console: answer, cancel, fork, redrive, replay, pause and resume. Without ' +
        'RUNLANE_CONSOLE_AUTH only on a loopback address.',
    }),
  RUNLANE_CONSOLE_AUTH: z
    .enum(['none', 'proxy', 'oidc'], { error: 'must be none, proxy or oidc' })
    .default('none')
    .meta({
      description:
        'Who identifies people: nobody; a reverse proxy in front of the console, which names them in ' +
        'RUNLANE_CONSOLE_USER_HEADER and removes that header from incoming requests; or an OpenID provider.',
    }),
  RUNLANE_CONSOLE_USER_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,100}$/, { error: 'must be the name of a header: letters, digits and dashes' })
    .default('x-forwarded-user')
    .meta({ description: 'Header in which the reverse proxy names the person, with RUNLANE_CONSOLE_AUTH=proxy.' }),
  ...signInVariables,
};

function isOrigin({ protocol, pathname, search, hash, username, password }: URL): boolean {
  return /^https?:$/.test(protocol) && pathname === '/' && `${search}${hash}${username}${password}` === '';
}
