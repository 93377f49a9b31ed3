import { readFile, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { closed } from './closed-schema.ts';
import type { Schema } from './closed-schema.ts';
import { triggerProblems } from './keda-triggers.ts';
import type { Manifest } from './manifest.ts';
import { parseManifests } from './render.ts';
import { fetchSource, kubernetesSource, operatorSources } from './schema-sources.ts';
import { strimziDefinitions } from './strimzi-definitions.ts';

/** Checks objects against the schemas of the API server and of the operators; fields that they do not have are refused. */
export class Validator {
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  /** By `apiVersion kind`. Each is compiled at its first use: a group has many kinds of which we use few. */
  readonly #schemas = new Map<string, Schema>();
  readonly #openApi: string;
  readonly #groups = new Map<string, Promise<void>>();

  private constructor(openApi: string) {
    this.#openApi = openApi;
  }

  /**
   * Fetches the schemas. Thrown: as by `fetchSource` and `strimziDefinitions`.
   *
   * @param withStrimzi whether those of Strimzi are wanted, which need Java and Maven
   */
  static async create({ withStrimzi }: { withStrimzi: boolean }): Promise<Validator> {
    const validator = new Validator(join(await fetchSource(kubernetesSource), 'api', 'openapi-spec', 'v3'));
    for (const source of operatorSources) {
      const folder = join(await fetchSource(source), source.folder);
      const files = (await readdir(folder)).filter((file) => source.files.test(file));
      for (const file of files) validator.#addDefinitions(await readFile(join(folder, file), 'utf8'));
    }
    if (withStrimzi) {
      for (const file of await strimziDefinitions()) validator.#addDefinitions(await readFile(file, 'utf8'));
    }
    return validator;
  }

  /** What is wrong with an object, a sentence each; null where no schema knows its kind. */
  async problems(manifest: Manifest): Promise<string[] | null> {
    const { apiVersion, kind, metadata } = manifest;
    const reading = this.#groups.get(apiVersion) ?? this.#readGroup(apiVersion);
    this.#groups.set(apiVersion, reading);
    await reading;
    const schema = this.#schemas.get(`${apiVersion} ${kind}`);
    if (schema === undefined) return null;
    const validate = this.#ajv.compile(schema);
    const triggers = await triggerProblems(manifest);
    if (validate(manifest)) return triggers;
    const mismatches = (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const unknown = params as { additionalProperty?: string };
      return [`${kind} ${metadata.name}${instancePath}`, message, unknown.additionalProperty].filter(Boolean).join(' ');
    });
    return [...mismatches, ...triggers];
  }

  #addDefinitions(text: string): void {
    for (const definition of parseManifests(text)) {
      const { group, names, versions } = definition.spec as {
        group: string;
        names: { kind: string };
        versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
      };
      for (const { name, schema } of versions) {
        this.#schemas.set(`${group}/${name} ${names.kind}`, closed(schema.openAPIV3Schema));
      }
    }
  }

  async #readGroup(apiVersion: string): Promise<void> {
    const file = `${apiVersion.includes('/') ? 'apis' : 'api'}__${apiVersion.replace('/', '__')}_openapi.json`;
    const path = join(this.#openApi, file);
    if (!existsSync(path)) return;
    const { components } = JSON.parse(await readFile(path, 'utf8')) as {
      components: { schemas: Record<string, Schema> };
    };
    const entries = Object.entries(components.schemas);
    const schemas = Object.fromEntries(entries.map(([name, schema]) => [name, closed(schema, name)]));
    this.#ajv.addSchema({ $id: file, components: { schemas } });
    for (const [name, schema] of entries) {
      for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
        const key = `${group === '' ? version : `${group}/${version}`} ${kind}`;
        if (key.startsWith(`${apiVersion} `)) this.#schemas.set(key, { $ref: `${file}#/components/schemas/${name}` });
      }
    }
  }
}
