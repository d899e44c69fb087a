import { notFound, Refusal } from './refusal.ts';

/** A message that the cloud changes. */
export type Message = Record<string, unknown>;

export interface Resource {
  /** `regions/europe-west1/addresses/demo-api`: the path below the project, by which it is found. */
  readonly path: string;
  readonly message: Message;
  /** It cannot be read yet. */
  hidden: boolean;
  /** The operation that makes it has not ended. */
  making: boolean;
  /** Name of the operation that deletes it. */
  deletedBy: string | null;
  /** Google's own: there before anybody made anything. */
  readonly given: boolean;
}

const BASE = 'https://www.googleapis.com/compute/v1/projects/';

/** Everything that exists in the project. */
export class Store {
  readonly project: string;
  readonly #resources = new Map<string, Resource>();
  #nextId = 4_000_000_000_000_000_001n;

  constructor(project: string) {
    this.project = project;
  }

  link(path: string): string {
    return `${BASE}${this.project}/${path}`;
  }

  /** The path of a URL or partial URL: `…/projects/p/zones/z/…`, `projects/p/zones/z/…`, `zones/z/…`. */
  pathOf(url: string): string {
    const below = url.replace(/^https:\/\/[^/]+\/compute\/v1\//, '');
    return below.startsWith(`projects/${this.project}/`)
      ? below.slice(`projects/${this.project}/`.length)
      : below;
  }

  id(): string {
    return String(this.#nextId++);
  }

  /** Adds a resource, its output-only fields filled in. @throws 409 when its name is taken. */
  add(path: string, kind: string, message: Message, hidden: boolean, given = false): Resource {
    if (this.#resources.has(path)) {
      throw new Refusal(
        409,
        'alreadyExists',
        `The resource 'projects/${this.project}/${path}' already exists`,
      );
    }
    const [scope, place] = path.split('/');
    const resource = {
      path,
      message: {
        ...message,
        kind: `compute#${kind}`,
        id: this.id(),
        creationTimestamp: '2026-01-01T00:00:00.000-00:00',
        selfLink: this.link(path),
        ...(scope === 'zones' ? { zone: this.link(`zones/${place}`) } : {}),
        ...(scope === 'regions' ? { region: this.link(`regions/${place}`) } : {}),
      },
      hidden,
      making: !given,
      deletedBy: null,
      given,
    };
    this.#resources.set(path, resource);
    return resource;
  }

  remove(path: string): void {
    this.#resources.delete(path);
  }

  /** @throws 404 for what does not exist or cannot be seen yet. */
  get(path: string): Resource {
    const found = this.#resources.get(path);
    if (!found || found.hidden) throw notFound(`${this.project}/${path}`);
    return found;
  }

  find(path: string): Resource | undefined {
    return this.#resources.get(path);
  }

  /** Resources that somebody made, whose path matches `scope/collection`, in name order; `scope` may be a pattern. */
  all(collection: string, scope = '.*'): Resource[] {
    return this.withGiven(collection, scope).filter((each) => !each.given);
  }

  /** The same and Google's own. */
  withGiven(collection: string, scope = '.*'): Resource[] {
    const pattern = new RegExp(`^${scope}/${collection}/[^/]+$`);
    return [...this.#resources.values()]
      .filter((each) => pattern.test(each.path))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Paths of all that somebody made: for leak checks. */
  paths(): string[] {
    return [...this.#resources.values()]
      .filter((each) => !each.given)
      .map((each) => each.path)
      .sort();
  }
}
