/** Where a server comes from: an address in the environment, a container, or a child process. */
export type ProviderName = 'given' | 'container' | 'process';

/** What every local server can do, whichever provider it has. */
export type LocalServer = {
  readonly provider: ProviderName;
  /** Stops a started server and leaves its data; does nothing for `given`; may be called again. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /** SIGKILL; resolves when the server is dead. Rejects for `given`, like all faults. */
  kill(): Promise<void>;
  /** SIGSTOP to the server and all its processes: connections stay open and nothing answers. */
  freeze(): Promise<void>;
  /** SIGCONT: the opposite of `freeze`. */
  thaw(): Promise<void>;
  /** Starts again on the same port and data, after `kill`, `stop` or while running; resolves when ready. */
  restart(): Promise<void>;
};

/** The faults of one broker of a cluster; they mean what they mean on `LocalServer`. */
export type LocalKafkaNode = Pick<LocalServer, 'kill' | 'freeze' | 'thaw' | 'restart'>;

/** A Kafka of one or three brokers, each broker and controller at once. */
export type LocalKafka = LocalServer & {
  /** `host:port` of each broker, in the order of their ids. */
  readonly brokers: string[];
  /** One broker by its id, counted from 1. Throws for an unknown id and for `given`. */
  node(id: number): LocalKafkaNode;
};

/** An Apicurio registry. */
export type LocalRegistry = LocalServer & {
  /** Base of its Confluent-compatible API, without a slash at the end. */
  readonly url: string;
};

/** A Postgres with one administrator, who may create databases. */
export type LocalPostgres = LocalServer & {
  /** Address of the administrator's own database. */
  readonly url: string;
  /**
   * Creates a database and returns its address. The default name is random; `template` is the name of a database to
   * which nobody is connected. Rejects when the name is taken. Databases in a `given` server stay when it is stopped.
   */
  createDatabase(name?: string, template?: string): Promise<string>;
};

/** How to start a server. */
export type LocalOptions = {
  /** Directory for data, logs and ports of the process provider; created when missing. */
  dataDir: string;
  /** Gets one line for each piece of news, such as the chosen provider. */
  log?: (line: string) => void;
  /** Gets a short text whenever a long step moves on; each replaces the one before. */
  progress?: (text: string) => void;
  /** Looked up for given addresses, Java, Maven and the cache; default `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Abandons the start; has no effect on a started server. */
  signal?: AbortSignal;
  /** `false`: the address is known immediately, nothing runs and nothing is checked until `restart()`. Default `true`. */
  autostart?: boolean;
  /** Milliseconds within which a given server has to answer. Default 60 000. */
  answerWithinMs?: number;
};

export type PostgresOptions = LocalOptions & {
  /**
   * Whether the data may be lost when the machine fails; then no write waits for the disk. Default false, because crash
   * tests and measurements of durability need it.
   */
  isSpare?: boolean;
  /** Libraries that the server loads when it starts, such as `pg_stat_statements`. Default: none. */
  preload?: readonly string[];
};

export type KafkaOptions = LocalOptions & {
  /** Brokers of the cluster. Default 1. */
  nodes?: 1 | 3;
  /**
   * Milliseconds without a heartbeat after which a broker counts as dead. Default 3,000: a killed one may not register
   * again before. A busy machine may delay a broker for longer, and then no partition has a leader for a moment; give more
   * to a broker that nobody kills.
   */
  sessionMs?: number;
};
