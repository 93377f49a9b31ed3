import { defineConfig } from 'tsdown';

/**
 * A folder of code, with a file for each library that can speak to Kafka, which is loaded when it is chosen, and one file of types.
 * What is Runlane's own goes into them, and kafkajs, because Runlane patches it; the rest are dependencies of the package.
 */
export default defineConfig({
  entry: 'src/index.ts',
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  tsconfig: 'tsconfig.build.json',
  dts: true,
  copy: [{ from: 'node_modules/kafkajs/LICENSE', to: 'dist', rename: 'kafkajs.LICENSE' }],
  // The last two are for what the client does not use of packages/webhooks; nothing of them is left.
  deps: { alwaysBundle: [/^@runlane\//, 'kafkajs'], neverBundle: ['ipaddr.js', 'tldts'], onlyBundle: false },
  treeshake: {
    moduleSideEffects: [
      { test: /packages.webhooks/, sideEffects: false },
      { external: true, sideEffects: false },
    ],
  },
  inputOptions: {
    transform: {
      // Node 20 lacks them. They replace the names in this package's code, and no global of its users.
      inject: {
        'Promise.withResolvers': [fileOf('./src/node-20.ts'), 'withResolvers'],
        'Map.groupBy': [fileOf('./src/node-20.ts'), 'groupBy'],
      },
    },
  },
});

function fileOf(path: string): string {
  return new URL(path, import.meta.url).pathname;
}
