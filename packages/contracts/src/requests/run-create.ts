import type { z } from 'zod';
import { normalisedCommand } from './command.ts';
import type { Command } from './command.ts';
import type { Json, JsonObject } from '../json.ts';
import { problemsOf } from '../problems.ts';
import { normalisedConfig, nullIfEmpty } from './run-config.ts';
import type { RunCreateConfig } from './run-config.ts';
import { runCreateSchema } from './run-create-schema.ts';
import type { Durability, MultitaskStrategy } from './run-create-schema.ts';
import type { RunStatusEventType, ThreadStatus } from '../run-status.ts';

/** The two kinds of records on the request topic, as the header `ce_type` names them; no header means `run.create`. */
const RUN_REQUEST_TYPES = ['run.create', 'run.cancel'] as const;
export type RunRequestType = (typeof RUN_REQUEST_TYPES)[number];

/** A `RunCreate` as a producer writes it: optional fields may be null or absent. */
export type RunCreateInput = z.input<typeof runCreateSchema>;

/**
 * A run request as Runlane reads it: every field present, null or the documented default where the producer said
 * nothing. User values (`input`, `metadata`, `context`, `configurable`, `resume`, `update`) are the parsed objects
 * themselves, not copies.
 */
export type RunCreate = {
  /** Null: a stateless run. */
  thread_id: string | null;
  /** UUID of an assistant, or a graph name, as given. */
  assistant_id: string;
  /** Null: continue from the checkpoint. Other falsy values are inputs. */
  input: Json;
  metadata: JsonObject | null;
  config: RunCreateConfig | null;
  /** An empty one counts as absent. */
  context: JsonObject | null;
  checkpoint_id: string | null;
  /** `'*'`: every node, also for `["*"]`. An empty list is not null: it overrides what the graph was compiled with. */
  interrupt_before: string[] | '*' | null;
  interrupt_after: string[] | '*' | null;
  /** Its URL rules are checked at admission, not here. */
  webhook: string | null;
  /** Null: all terminal types. */
  webhook_events: RunStatusEventType[] | null;
  /** Default `enqueue`. */
  multitask_strategy: MultitaskStrategy;
  /** In lower case. Null: derived from the record's coordinates. */
  run_id: string | null;
  command: Command | null;
  /** Default `create`. */
  if_not_exists: 'create' | 'reject';
  /**
   * Statuses of the thread with which the run may be admitted, and start; a thread that does not exist is `idle`. Null: all.
   */
  if_thread_status: ThreadStatus[] | null;
  /** Default `delete`. For stateless runs only: with a thread it must not be given. */
  on_completion: 'delete' | 'keep';
  /** Seconds from admission, fractions allowed. */
  after_seconds: number | null;
  /** Default `async`. */
  durability: Durability;
};

/** `problems`: what was wrong, where, and what to send; at most ten short lines without user values. */
export type RunCreateVerdict = { kind: 'ok'; request: RunCreate } | { kind: 'invalid'; problems: string[] };

/** Reads a `RunCreate`: types, unknown fields and combinations. Policies and lookups are admission's. */
export function parseRunCreate(json: Json): RunCreateVerdict {
  const parsed = runCreateSchema.safeParse(json);
  if (!parsed.success) {
    return {
      kind: 'invalid',
      problems: problemsOf(parsed.error, { name: 'RunCreate', json, schema: runCreateSchema }),
    };
  }
  const wire = parsed.data;
  return {
    kind: 'ok',
    request: {
      thread_id: wire.thread_id ?? null,
      assistant_id: wire.assistant_id,
      input: wire.input ?? null,
      metadata: wire.metadata ?? null,
      config: normalisedConfig(wire.config),
      context: nullIfEmpty(wire.context),
      checkpoint_id: wire.checkpoint_id ?? null,
      interrupt_before: everyNode(wire.interrupt_before),
      interrupt_after: everyNode(wire.interrupt_after),
      webhook: wire.webhook ?? null,
      webhook_events: wire.webhook_events ?? null,
      multitask_strategy: wire.multitask_strategy ?? 'enqueue',
      run_id: wire.run_id?.toLowerCase() ?? null,
      command: wire.command ? normalisedCommand(wire.command) : null,
      if_not_exists: wire.if_not_exists ?? 'create',
      if_thread_status: wire.if_thread_status ?? null,
      on_completion: wire.on_completion ?? 'delete',
      after_seconds: wire.after_seconds ?? null,
      durability: wire.durability ?? 'async',
    },
  };
}

function everyNode(selection: string[] | '*' | null | undefined): string[] | '*' | null {
  if (Array.isArray(selection) && selection.length === 1 && selection[0] === '*') return '*';
  return selection ?? null;
}
