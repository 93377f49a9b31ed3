/**
 * The client is run from its source in this workspace, and packed as one file that has these packages of ours in it: who
 * installs the tarball cannot get them, and needs not.
 */
const PACKED_INTO_THE_CLIENT = ['@runlane/contracts', '@runlane/kafka', '@runlane/service-kit', '@runlane/webhooks'];

module.exports = {
  hooks: {
    beforePacking(manifest) {
      if (manifest.name === '@runlane/client') {
        for (const name of PACKED_INTO_THE_CLIENT) delete manifest.dependencies[name];
        delete manifest.devDependencies;
      }
      return manifest;
    },
  },
};
