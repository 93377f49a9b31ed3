/** One thing that can be started, killed and frozen: a process or a container. All steps may be repeated. */
export type Machine = {
  /** Resolves when it runs, which is before it answers. */
  start(): Promise<void>;
  /** Asks it to end, and kills it after a while; thaws it first when it is frozen. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Rejects when it does not run: a test that freezes a dead server does not test what it says. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  state(): Promise<'running' | 'frozen' | 'ended'>;
  /** Its output since its start, newest last, and the path of the rest. */
  lastWords(): Promise<string>;
};
