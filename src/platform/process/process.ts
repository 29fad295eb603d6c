import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import { Container } from 'inversify';
import type { Logger } from 'pino';
import { type Authentication, authenticationOf } from './authentication.js';
import type { Backends } from './backends.js';
import { readBuildInfo } from './build-info.js';
import { documentsOf } from './documents.js';
import { forgetCommandsRegularly } from '../aggregate/forget-commands.js';
import { retryUntilDone } from '../tools/backoff.js';
import type { Bus } from '../log/bus.js';
import type { Config } from '../operating/config/config.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import type { OpenContext } from '../context/open-context.js';
import { type Consumed, deadLetterTopic } from '../consuming/dead-letter.js';
import type { DeadLettered } from '../consuming/record-handler.js';
import { PendingDeadLetters } from '../consuming/pending-dead-letters.js';
import { confirmingContexts } from '../context/confirming-contexts.js';
import { compileSchemasOf } from '../event/compose-event.js';
import { expectUp } from '../tools/dependency.js';
import { Health } from '../operating/health.js';
import { createApp } from '../http/server/app.js';
import { listen, type Listener } from '../http/server/listen.js';
import { createManagementApp } from '../http/server/management.js';
import type { Privacy } from '../context/person-keys.js';
import { KeyRing } from '../privacy/key-ring.js';
import { Messaging, type Participant } from './messaging.js';
import { Metrics } from '../operating/metrics.js';
import { keepDroppingExpired } from '../rebuilding/inspection.js';
import type { SchemaIds } from '../schema-registry/schema-ids.js';
import { schemaIdsOf } from './schema-ids.js';
import type { Subscription } from '../consuming/subscription.js';
import { consumerLags } from '../consuming/consumer-lag.js';

/** Timeouts of the steps of a stop; together less than the 10 s that an orchestrator grants. */
const STOP_TIMEOUTS_MS = { requests: 4_000, consumers: 2_000, relays: 2_000, connections: 1_000, management: 500 };

/** An open context of this process with its database. */
interface Member extends OpenContext {
  readonly context: Context;
  readonly database: Database;
}

/** A process that serves some contexts. Started once and stopped once. */
export class Process {
  private readonly container = new Container();
  private readonly health = new Health();
  private readonly metrics = new Metrics();
  private readonly adapters: string[] = [];
  private readonly stopping = new AbortController();
  private readonly members: Member[] = [];
  private readonly connections: { close(): Promise<void> }[] = [];
  private management: Listener | undefined;
  private listener: Listener | undefined;
  private messaging: Messaging | undefined;
  private joining: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: Config,
    private readonly contexts: readonly Context[],
    private readonly backends: Backends,
    private readonly logger: Logger,
    /** All contexts of the system, whichever processes serve them. */
    private readonly allContexts: readonly Context[] = contexts,
  ) {}

  /** The ports in use once it is started. */
  get ports(): { readonly port: number; readonly managementPort: number } {
    return { port: this.listener?.port ?? 0, managementPort: this.management?.port ?? 0 };
  }

  /**
   * Resolves when requests are served, which needs the databases. The bus is joined in the background: readiness waits
   * for it, commands do not.
   * @throws Error that names the setting if a port or a folder is not available
   */
  async start(): Promise<void> {
    const { HOST, PORT, MANAGEMENT_PORT, HTTP_KEEP_ALIVE_MS: keepAlive } = this.config;
    const authentication = await authenticationOf(this.config, this.logger);
    for (const dependency of authentication?.dependencies ?? []) this.health.add(dependency);
    this.management = await listen(this.createManagementApp(), HOST, MANAGEMENT_PORT, 'MANAGEMENT_PORT');
    const privacy = {
      ring: new KeyRing(await this.backends.openKeyWrapper()),
      seals: this.config.PERSONAL_DATA === 'sealed',
    };
    await this.openDatabases(privacy);
    await this.openBus();
    await this.prepareDatabases();
    await this.joinBus();
    this.listener = await listen(this.createApp(authentication), HOST, PORT, 'PORT', { keepAlive });
    this.health.notServing = undefined;
    void forgetCommandsRegularly(this.stores, this.logger, this.stopping.signal);
  }

  /** Resolves when the bus has been joined. */
  async joined(): Promise<void> {
    await this.joining;
  }

  /**
   * Reports not ready, and serves on for DRAIN_MS without keeping connections. Then takes no new requests, finishes
   * those in flight, leaves the consumer groups, publishes queued events and closes the connections.
   */
  async stop(): Promise<void> {
    this.health.notServing = 'stopping';
    this.listener?.drain();
    if (this.listener) await sleep(this.config.DRAIN_MS);
    this.stopping.abort(new Error('the process is stopping'));
    await this.withinTimeout('requests', () => this.listener?.stop());
    await this.withinTimeout('consumers', () => this.joining.then(() => this.messaging?.leave()));
    await this.withinTimeout('relays', () => this.messaging?.flush(STOP_TIMEOUTS_MS.relays - 200));
    await this.withinTimeout('connections', () =>
      Promise.all(this.connections.map((connection) => connection.close())),
    );
    await this.withinTimeout('management', () => this.management?.stop());
  }

  /** Names that it is reached by. */
  private get hostNames(): readonly string[] {
    const { HOST, ALLOWED_HOSTS = [] } = this.config;
    return [HOST, ...ALLOWED_HOSTS];
  }

  private createManagementApp(): Express {
    const { version, commit } = readBuildInfo();
    const info = { version, commit, modules: this.contexts.map(({ name }) => name), adapters: this.adapters };
    const { health, metrics, logger, hostNames } = this;
    const isOpen = this.config.AUTH_MODE === 'none';
    return createManagementApp({ health, metrics, logger, info: () => info, ...(isOpen && { hostNames }) });
  }

  private createApp(authentication: Authentication | undefined): Express {
    const { container, logger, config } = this;
    return createApp({
      documents: documentsOf(this.contexts, config.KAFKA_TOPIC_PARTITIONS),
      apis: this.contexts.flatMap(({ http }) => http ?? []),
      container,
      logger,
      bodyLimit: config.HTTP_BODY_LIMIT,
      metrics: this.metrics,
      accessLogSample: config.ACCESS_LOG_SAMPLE,
      ...(authentication ? { verifyToken: authentication.verify } : { hostNames: this.hostNames }),
    });
  }

  private async openDatabases(privacy: Privacy): Promise<void> {
    for (const context of this.contexts) {
      context.events.publishes.forEach(compileSchemasOf);
      const database = await this.backends.openDatabase(context.name);
      this.connections.push(database);
      const confirming = confirmingContexts(context, this.allContexts);
      const opened = context.open(database, {
        stopping: this.stopping.signal,
        container: this.container,
        privacy,
        confirming,
      });
      this.members.push({ ...opened, context, database });
      const name = `${database.kind}:${context.name}`;
      this.adapters.push(name);
      this.health.add({ name, required: () => true, check: () => database.check() });
    }
  }

  private async openBus(): Promise<void> {
    const bus = await this.backends.openBus();
    this.connections.push(bus);
    const { subscriptions } = this;
    const onDeadLetters = (consumed: Consumed, deadLettered: DeadLettered) => {
      this.metrics.countDeadLetters(consumed, deadLettered);
      if (deadLettered.programmingErrors > 0) this.health.noteProgrammingError(deadLetterTopic(consumed));
    };
    const schemaIds = await this.lookUpSchemaIds();
    const messaging = new Messaging(bus, this.participants(), this.logger, onDeadLetters, schemaIds?.of);
    this.watchDeadLetters(bus, subscriptions);
    this.metrics.watchConsumers(() => messaging.restarts());
    this.metrics.watchDisagreements(() => messaging.disagreements());
    this.metrics.watchSubscribers(consumerLags(bus, subscriptions));
    this.health.watchOutboxes(() => messaging.reportBacklogs());
    this.metrics.watchOutboxes(() => messaging.reportBacklogs());
    this.adapters.push(this.backends.busName);
    for (const dependency of messaging.dependencies(this.backends.busName)) this.health.add(dependency);
    this.messaging = messaging;
  }

  /** Starts to look up the ids of schemas, if there is a schema registry. Publishing does not wait for them. */
  private async lookUpSchemaIds(): Promise<SchemaIds | undefined> {
    const streams = this.contexts.flatMap(({ events }) => events.publishes);
    const schemaIds = await schemaIdsOf(this.config, streams, this.logger);
    if (!schemaIds) return undefined;
    this.health.add(schemaIds);
    void schemaIds.lookUp(this.stopping.signal);
    return schemaIds;
  }

  /** Compares the databases with the log before the first request; joins the bus in the background. */
  private async joinBus(): Promise<void> {
    const { messaging } = this;
    const { signal } = this.stopping;
    await messaging?.compare();
    const joining = messaging?.join(signal) ?? Promise.resolve();
    this.joining = joining.catch((error: unknown) => {
      if (!signal.aborted) this.logger.error({ err: error }, 'cannot join the bus');
    });
  }

  private participants(): Participant[] {
    return this.members.map(
      ({ context: { name }, stores: outboxes, subscriptions, histories, keys, begin, database }) => {
        const { positions, pins } = database;
        return { name, outboxes, subscriptions, histories, keys, begin, positions, pins };
      },
    );
  }

  private watchDeadLetters(bus: Bus, subscriptions: readonly Subscription[]): void {
    const pending = new PendingDeadLetters(bus, subscriptions);
    this.health.watchDeadLetters(() => pending.counts());
    this.metrics.watchDeadLetters(() => pending.counts());
    // An alert on an increase of the counter needs a first sample of 0.
    for (const subscription of subscriptions) {
      this.metrics.countDeadLetters(subscription, { count: 0, programmingErrors: 0 });
    }
  }

  private async prepareDatabases(): Promise<void> {
    const { signal } = this.stopping;
    const onFailure = (error: unknown) => this.logger.warn({ err: error }, 'database not available yet; retrying');
    // Retries every failure, even a wrong password: it may be fixed on the server.
    await Promise.all(
      this.members.map(({ database }) => retryUntilDone(() => expectUp(database), { signal, onFailure })),
    );
    const prepare = async (member: Member) => {
      await member.prepare();
      await keepDroppingExpired(member.database, signal);
    };
    await Promise.all(this.members.map((member) => retryUntilDone(() => prepare(member), { signal, onFailure })));
  }

  private get stores(): OpenContext['stores'] {
    return this.members.flatMap(({ stores }) => stores);
  }

  private get subscriptions(): OpenContext['subscriptions'] {
    return this.members.flatMap(({ subscriptions }) => subscriptions);
  }

  /** Runs one step of the stop and continues after its timeout: committed data cannot be lost. */
  private async withinTimeout(
    step: keyof typeof STOP_TIMEOUTS_MS,
    work: () => Promise<unknown> | undefined,
  ): Promise<void> {
    const settled = Promise.resolve(work()).then(
      () => 'done',
      (error: unknown) => this.logger.warn({ err: error, step }, 'error while stopping'),
    );
    const late = sleep(STOP_TIMEOUTS_MS[step], 'late', { ref: false });
    if ((await Promise.race([settled, late])) === 'late') this.logger.warn({ step }, 'stop step timed out; continuing');
  }
}
