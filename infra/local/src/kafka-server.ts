import { localServer, restartMachine, type MachineServer } from './lifecycle.ts';
import { askKafka } from './probes.ts';
import type { LocalKafka, LocalKafkaNode } from './server.ts';

/**
 * A probe that asks each running broker itself: a cluster lists a killed broker until its session is over, and a broker
 * answers nothing before it is in the cluster.
 */
export function askEachOf(brokers: readonly string[]): MachineServer['probe'] {
  return async (running) => {
    for (const index of running) {
      const broker = brokers[index]!;
      const found = await askKafka([broker]);
      if (found < running.length) throw new Error(`${broker} sees ${found} of ${running.length} brokers`);
    }
  };
}

/** A Kafka made of machines, of which the first is broker 1. */
export function kafkaServer(server: MachineServer, brokers: string[]): LocalKafka {
  const node = (id: number): LocalKafkaNode => {
    const machine = server.machines[id - 1];
    if (machine === undefined) throw new Error(`No broker ${id}: the ids are 1 to ${server.machines.length}`);
    return {
      kill: () => machine.kill(),
      freeze: () => machine.freeze(),
      thaw: () => machine.thaw(),
      restart: () => restartMachine(server, machine),
    };
  };
  return { ...localServer(server), brokers, node };
}
