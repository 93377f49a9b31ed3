/** Keys of langgraph.json that Runlane honours; `webhooks` is read by packages/webhooks. */
const HONOURED = new Set(['$schema', 'graphs', 'env', 'store', 'webhooks']);

/** Keys that say how an image of LangGraph's server is built, and not how graphs run. */
const FOR_BUILDS = new Set([
  '_INTERNAL_docker_tag',
  'api_version',
  'base_image',
  'dependencies',
  'docker_compose_file',
  'dockerfile_lines',
  'image_distro',
  'keep_pkg_tools',
  'node_version',
  'pip_config_file',
  'pip_installer',
  'python_version',
  'source',
]);

/** The keys that would change what users see and that Runlane ignores, in the order of the file. */
export function ignoredKeys(document: Record<string, unknown>): string[] {
  return Object.keys(document).filter((key) => !HONOURED.has(key) && !FOR_BUILDS.has(key));
}
