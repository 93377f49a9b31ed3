/**
 * Purpose   Brings the threads of all cells of the strategy matrix into their states, and lets the newcomers arrive. All cells of a file share its services.
 * Pending   A run that is ready and not claimed: the executors are full, with the runs of the cells that are running.
 *           Its newcomers have to arrive before anything else frees a place.
 * Scheduled A run whose time is an hour away until `comeDue` lets it come.
 */
import { eventually } from '@runlane/testkit';
import { matrixCells } from './matrix-cells.ts';
import type { Cell, NamedRun, ThreadState } from './matrix-cells.ts';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';

/** Runs that execute when the stage is set: executors must have this many places, all together. */
export const HELD_COUNT = 4;

const AN_HOUR_S = 3_600;

type Gate = ReturnType<World['gate']>;

/** Of the graph `story`, besides its label. */
type Input = { gate: string; asks?: boolean };

export class MatrixStage {
  readonly cells: Cell[];
  readonly #world: World;
  /** Prior runs are held at their own gate. */
  readonly #priorGate: Gate;
  readonly #gate: Gate;

  private constructor(world: World, newcomerCount: number) {
    this.#world = world;
    this.cells = matrixCells(newcomerCount);
    this.#priorGate = world.gate();
    this.#gate = world.gate();
  }

  /** Resolves when every thread is in its state. Run-consumers of the world are ready before. */
  static async set(world: World, newcomerCount: number): Promise<MatrixStage> {
    const stage = new MatrixStage(world, newcomerCount);
    await stage.#play();
    return stage;
  }

  in(...states: ThreadState[]): Cell[] {
    return this.cells.filter(({ state }) => states.includes(state));
  }

  /** The newcomers of all cells; first those that would find another state if a place became free. */
  async newcomersArrive(): Promise<void> {
    await this.publishNewcomers(this.in('pending'));
    await this.admitted(this.in('pending'));
    await this.publishNewcomers(this.in('idle', 'running', 'paused', 'scheduled'));
  }

  /** @param nths which ones of each cell, from 0; all by default */
  async publishNewcomers(cells: readonly Cell[], nths?: readonly number[]): Promise<void> {
    const records = cells.flatMap((cell) =>
      newcomersOf(cell, nths).map((run) =>
        this.#record(cell, run, { multitask_strategy: cell.strategy }, { gate: this.#gate.file }),
      ),
    );
    await this.#world.publish(...records);
  }

  /** Resolves when the ledger has the newcomers of the cells. */
  async admitted(cells: readonly Cell[] = this.cells, nths?: readonly number[]): Promise<void> {
    await this.#inLedger(
      cells.flatMap((cell) => newcomersOf(cell, nths).map(({ runId }) => runId)),
      'true',
    );
  }

  /** Lets prior runs go on that are held. */
  priorsGoOn(): void {
    this.#priorGate.open();
  }

  /**
   * Lets the time of scheduled runs come, and everything that is held go on, when every newcomer has been admitted and
   * what it superseded has stopped: a run that is released before its abort arrives may end, and keeps that end.
   */
  async goOn(): Promise<void> {
    await this.admitted();
    await eventually(
      async () =>
        (await this.#world.pool.query('select from runlane.runs where cancel_action is not null')).rowCount === 0,
      { what: 'all superseded runs have stopped', deadlineMs: 60_000 },
    );
    await this.#world.pool.query('update runlane.runs set scheduled_at = now() where scheduled_at is not null');
    this.#priorGate.open();
    this.#gate.open();
  }

  async #play(): Promise<void> {
    const open = { gate: '' };
    await this.#world.publish(...this.cells.map((cell) => this.#record(cell, cell.base, {}, open)));
    await this.#inLedger(
      this.cells.map(({ base }) => base.runId),
      `status = 'success'`,
    );
    await this.#prior('paused', {}, { ...open, asks: true }, `status = 'success'`);
    const held = { gate: this.#priorGate.file };
    // The first checkpoint of a run is of its input; after the second one nothing is written until its node ends.
    await this.#prior(
      'running',
      {},
      held,
      `status = 'running' and exists (
         select from checkpoints where metadata ->> 'run_id' = runs.run_id::text and metadata ->> 'source' = 'loop')`,
    );
    const executing = () => new Set(this.#world.sideEffects().map(({ run_id: runId }) => runId));
    await eventually(() => this.in('running').every(({ prior }) => executing().has(prior?.runId ?? '')), {
      what: 'the held runs execute',
    });
    await this.#prior('scheduled', { after_seconds: AN_HOUR_S }, held, 'scheduled_at is not null');
    await this.#prior('pending', {}, held, `status = 'pending' and ready_at is not null`);
  }

  /** The prior runs of the cells in a state. */
  async #prior(state: ThreadState, request: Record<string, unknown>, input: Input, condition: string): Promise<void> {
    const cells = this.in(state).flatMap((cell) => (cell.prior === null ? [] : [{ cell, run: cell.prior }]));
    await this.#world.publish(...cells.map(({ cell, run }) => this.#record(cell, run, request, input)));
    await this.#inLedger(
      cells.map(({ run }) => run.runId),
      condition,
    );
  }

  async #inLedger(runIds: readonly string[], condition: string): Promise<void> {
    await eventually(
      async () => {
        const found = await this.#world.pool.query(
          `select from runlane.runs where run_id = any ($1) and (${condition})`,
          [runIds],
        );
        return found.rowCount === runIds.length;
      },
      { what: `${runIds.length} runs have: ${condition}`, deadlineMs: 60_000 },
    );
  }

  #record({ threadId }: Cell, { name, runId }: NamedRun, request: object, input: Input) {
    return runCreate(threadId, {
      run_id: runId,
      assistant_id: 'story',
      input: { labels: [`${name}:in`], label: name, asks: false, ...input },
      ...request,
    });
  }
}

function newcomersOf({ newcomers }: Cell, nths: readonly number[] | undefined): NamedRun[] {
  return newcomers.filter((_, nth) => nths?.includes(nth) ?? true);
}
