/**
 * The client and the command line are run from their source in this workspace, and packed with everything of ours in them: who
 * installs a tarball cannot get those packages, and needs not.
 */
const PACKED = ['@runlane/client', '@runlane/cli'];

module.exports = {
  hooks: {
    beforePacking(manifest) {
      if (PACKED.includes(manifest.name)) {
        for (const name of Object.keys(manifest.dependencies)) {
          if (name.startsWith('@runlane/')) delete manifest.dependencies[name];
        }
        delete manifest.devDependencies;
      }
      return manifest;
    },
  },
};
