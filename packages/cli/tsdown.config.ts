import { defineConfig } from 'tsdown';

/**
 * The command line as one folder of code. What is Runlane's own goes into it, and kafkajs, because Runlane patches it; the rest
 * are dependencies of the package. Statements and migrations are files beside the code: no two statements have one name.
 */
export default defineConfig({
  entry: { main: 'src/main.ts', 'check-graphs-process': '../../services/run-consumer/src/check-graphs-process.ts' },
  platform: 'node',
  target: 'node22.12',
  fixedExtension: false,
  tsconfig: false,
  dts: false,
  copy: [
    { from: '../*/src/**/sql/*.sql', to: 'dist/sql', flatten: true },
    { from: '../../services/*/src/**/sql/*.sql', to: 'dist/sql', flatten: true },
    { from: '../../services/run-consumer/migrations', to: 'dist/migrations', rename: 'run-consumer' },
    { from: '../../services/webhook-dispatcher/migrations', to: 'dist/migrations', rename: 'webhook-dispatcher' },
    { from: 'node_modules/kafkajs/LICENSE', to: 'dist', rename: 'kafkajs.LICENSE' },
  ],
  // The last three are for what the command line does not use of the services; nothing of them is left.
  deps: {
    alwaysBundle: [/^@runlane\//, 'kafkajs'],
    neverBundle: ['prom-client', 'tldts', 'undici'],
    onlyBundle: false,
  },
  treeshake: { moduleSideEffects: [{ external: true, sideEffects: false }] },
  plugins: [
    {
      // A module may be in a folder beside that of its statements; here all of them lie in one, beside all code.
      name: 'statements',
      transform: {
        filter: { code: /new URL\('\.\.\/sql\// },
        handler: (code: string): string => code.replaceAll("new URL('../sql/", "new URL('./sql/"),
      },
    },
    {
      name: 'migrations',
      transform: {
        filter: { code: /new URL\('[./]+\/migrations\/'/ },
        handler(code: string, id: string): string {
          const [, service] = /services\/([^/]+)\//.exec(id) ?? [];
          if (service === undefined) throw new Error(`${id} has migrations, and is of no service.`);
          return code.replace(/'[./]+\/migrations\/'/, `'./migrations/${service}/'`);
        },
      },
    },
  ],
});
