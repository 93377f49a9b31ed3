/** Breaks one thing after the other, and sees the alarms that watch it fire, and not before. */
import type { Proof } from '@runlane/prove-deploy';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { Prometheus } from '../prometheus.ts';
import { shortRules, shortened } from './short-rules.ts';

/** How long an alarm may take to fire once the thing is broken, in milliseconds. */
const FIRES_MS = 90_000;

export class Scene {
  readonly #proof: Proof;
  readonly #prometheus: Prometheus;
  /** Alarms that have fired, in all scenes. */
  readonly #fired: Set<string>;

  private constructor(proof: Proof, prometheus: Prometheus, fired: Set<string>) {
    this.#proof = proof;
    this.#prometheus = prometheus;
    this.#fired = fired;
  }

  /** @param parts the processes that are scraped, by the part that their pods would be of */
  static async open(proof: Proof, parts: Record<string, ServiceProcess>, fired: Set<string>): Promise<Scene> {
    const targets = await Promise.all(
      Object.entries(parts).map(async ([part, service]) => ({
        url: await service.httpUrl(),
        labels: { namespace: 'proof', pod: part, app_kubernetes_io_component: part },
      })),
    );
    const prometheus = await Prometheus.start(proof, { targets, rules: shortRules });
    const areScraped = () => prometheus.isTrue(`count(up == 1) == ${targets.length}`);
    await eventually(areScraped, { what: 'every process is scraped' });
    return new Scene(proof, prometheus, fired);
  }

  /**
   * Thrown: one of the alarms fires before the thing is broken, or does not when it is.
   *
   * @param how what is done, for whoever reads it
   * @param breakIt done once
   * @param again done again and again until they fire. Default: nothing
   */
  async fires(
    names: readonly string[],
    how: string,
    breakIt: () => Promise<unknown>,
    again: () => Promise<unknown> = async () => undefined,
  ): Promise<void> {
    // What broke before may still be read.
    const areSilent = async () => {
      const firing = await this.#firing();
      return names.every((name) => !firing.has(name));
    };
    await eventually(areSilent, { what: `${names.join(' and ')}: silent before`, deadlineMs: 30_000, everyMs: 250 });
    await breakIt();
    let firing = new Set<string>();
    const doFire = async () => {
      firing = await this.#firing();
      if (names.every((name) => firing.has(name))) return true;
      await again();
      return false;
    };
    await eventually(doFire, {
      what: `${names.join(' and ')}: fires when ${how}`,
      deadlineMs: FIRES_MS,
      everyMs: 250,
      seen: () => [...firing],
    });
    for (const name of names) {
      this.#fired.add(name);
      const short = shortened.get(name);
      this.#proof.tell(`${name} fires: ${how}${short === undefined ? '' : ` (${short})`}`);
    }
  }

  /** Thrown: the command was stopped, or the part has had its time. */
  #firing(): Promise<Set<string>> {
    this.#proof.signal.throwIfAborted();
    return this.#prometheus.firing();
  }
}
