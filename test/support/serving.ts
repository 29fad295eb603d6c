import { type Logger, pino } from 'pino';
import { CONTEXTS } from '../../src/contexts.js';
import type { Database } from '../../src/platform/context/database.js';
import type { Bus } from '../../src/platform/log/bus.js';
import type { Connections } from '../../src/platform/maintenance/connections.js';
import { type Config, parseConfig } from '../../src/platform/operating/config/config.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import { type Backends, backendsOf } from '../../src/platform/process/backends.js';
import { Process } from '../../src/platform/process/process.js';

/** Both contexts, served by this process, whose open log and databases a test uses as well. */
export class Serving {
  /** The messages of warnings and errors. */
  readonly warnings: string[] = [];
  private readonly databases = new Map<string, Database>();
  private readonly logger: Logger = pino(
    { level: 'warn' },
    { write: (line: string) => void this.warnings.push((JSON.parse(line) as { msg: string }).msg) },
  );
  private readonly backends: Backends;
  private bus: Bus | undefined;
  private process: Process | undefined;

  private constructor(private readonly config: Config) {
    this.backends = backendsOf(config, this.logger);
  }

  static async start(settings: Readonly<Record<string, string>>): Promise<Serving> {
    const serving = new Serving(parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, DRAIN_MS: 0, ...settings }));
    await serving.begin();
    return serving;
  }

  get url(): string {
    return `http://127.0.0.1:${this.process?.ports.port}`;
  }

  get managementUrl(): string {
    return `http://127.0.0.1:${this.process?.ports.managementPort}`;
  }

  get urls() {
    return { accounts: this.url, orders: this.url };
  }

  /** The open log and database of a context, as the process itself uses them. */
  connections(name: string): Connections {
    const { bus, backends, logger, config } = this;
    return {
      context: CONTEXTS.find((each) => each.name === name) as (typeof CONTEXTS)[number],
      bus: bus as Bus,
      database: this.databases.get(name) as Database,
      logger,
      openPrivacy: async () => ({
        ring: new KeyRing(await backends.openKeyWrapper()),
        seals: config.PERSONAL_DATA === 'sealed',
      }),
    };
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  private async begin(): Promise<void> {
    const { backends } = this;
    this.process = new Process(
      this.config,
      CONTEXTS,
      {
        busName: backends.busName,
        openKeyWrapper: () => backends.openKeyWrapper(),
        openBus: async () => (this.bus = await backends.openBus()),
        openDatabase: async (name) => {
          const database = await backends.openDatabase(name);
          this.databases.set(name, database);
          return database;
        },
      },
      this.logger,
    );
    await this.process.start();
    await this.process.joined();
  }
}
