import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, type Tags } from 'yaml';
import { systemWords } from '../util/host/os-error.ts';
import { AddonError } from './errors.ts';
import { type KubernetesObject, objectSchema } from './object.ts';

/** etcd takes no object of a tenth of it. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The objects in a folder's manifests (*.yaml, *.yml, *.json; not below it), in the order of the files' names. Lists are taken apart.
 * @throws AddonError
 */
export function readManifests(folder: string): KubernetesObject[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new AddonError(`${folder} cannot be read: ${systemWords(error as NodeJS.ErrnoException)}`);
  }
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (files.length === 0) throw new AddonError(`${folder} holds no manifest (*.yaml, *.yml, *.json)`);
  return files.flatMap((file) => readManifest(join(folder, file)));
}

function readManifest(path: string): KubernetesObject[] {
  const documents = parseAllDocuments(textOf(path), {
    version: '1.1',
    customTags: asKubectl,
    logLevel: 'silent',
  });
  return [...documents].flatMap((document) => {
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault) throw notYaml(path, fault);
    try {
      return objectsIn(document.toJS(), path);
    } catch (error) {
      // An alias of nothing, or of too much.
      throw error instanceof ReferenceError ? notYaml(path, error) : error;
    }
  });
}

/**
 * kubectl reads YAML 1.1 as Go's library does: `0644` is a mode in octal, `yes` is true, and neither a time nor a number to the base of 60 is
 * more than a text. What is left out here is refused, should somebody write it.
 */
function asKubectl(tags: Tags): Tags {
  const others = ['binary', 'omap', 'pairs', 'set', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`);
  const kept = tags.filter(
    (tag) =>
      typeof tag === 'string' || !(others.includes(tag.tag) || ('format' in tag && tag.format === 'TIME')),
  );
  const octal = {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?0o[0-7]+$/,
    resolve: (text: string) => Number(text.replace(/^[-+]/, '')) * (text.startsWith('-') ? -1 : 1),
  } as const;
  return [...kept, octal];
}

function notYaml(path: string, { message }: Error): AddonError {
  return new AddonError(`${path} is not YAML that haup takes: ${message.split('\n')[0]}`);
}

/** Of a file, or of a link to one: a pipe would be waited for. */
function textOf(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new AddonError(`${path} is no file`);
    if (stats.size > MOST_BYTES) throw new AddonError(`${path} is longer than ${MOST_BYTES / 1024 ** 2} MiB`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof AddonError) throw error;
    throw new AddonError(`${path} cannot be read: ${systemWords(error as NodeJS.ErrnoException)}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function objectsIn(value: unknown, path: string): KubernetesObject[] {
  if (value === null || value === undefined) return [];
  const items = (value as { kind?: unknown; items?: unknown }).items;
  if ((value as { kind?: unknown }).kind === 'List' && Array.isArray(items))
    return items.flatMap((item) => objectsIn(item, path));
  const object = objectSchema.safeParse(value);
  if (object.success) return [object.data];
  const issue = object.error.issues[0];
  throw new AddonError(
    `${path} holds what is no Kubernetes object: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}
