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
import { cached } from '../tools/cached.js';
import type { Bus } from '../log/bus.js';
import type { Config } from '../operating/config/config.js';
import type { Database } from '../context/database.js';
import type { Context } from '../context/define-context.js';
import type { OpenContext } from '../context/open-context.js';
import { deadLetterTopic } from '../consuming/dead-letter.js';
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
import { createConsole } from '../console/console.js';
import { type ConsoleSystem, consoleSystem } from '../console/console-system.js';
import { consoleSourcesOf } from './console-sources.js';
import { Messaging, type MessagingObserver, type Participant } from './messaging.js';
import { Metrics } from '../operating/metrics/metrics.js';
import { startTraces, type Traces } from '../operating/traces.js';
import { keepDroppingExpired } from '../rebuilding/inspection.js';
import type { SchemaIds } from '../schema-registry/schema-ids.js';
import { schemaIdsOf } from './schema-ids.js';
import { stopSteps } from './stop-steps.js';
import type { Subscription } from '../consuming/subscription.js';
import { consumerLags } from '../consuming/consumer-lag.js';

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
  private console: ConsoleSystem | undefined;
  private traces: Traces | undefined;
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
    const service = { name: this.contexts.map(({ name }) => name).join('-'), version: readBuildInfo().version };
    this.traces = await startTraces(this.config, service, this.logger);
    const authentication = await authenticationOf(this.config, this.logger);
    for (const dependency of authentication?.dependencies ?? []) this.health.add(dependency);
    this.management = await listen(this.createManagementApp(authentication), HOST, MANAGEMENT_PORT, 'MANAGEMENT_PORT');
    const privacy = {
      ring: new KeyRing(await this.backends.openKeyWrapper()),
      seals: this.config.PERSONAL_DATA === 'sealed',
    };
    await this.openDatabases(privacy);
    await this.openBus(privacy);
    await this.prepareDatabases();
    await this.joinBus();
    this.listener = await listen(this.createApp(authentication), HOST, PORT, 'PORT', { keepAlive });
    this.health.notServing = undefined;
    void this.console?.instances.state(this.stopping.signal);
    void forgetCommandsRegularly(this.stores, this.logger, this.stopping.signal);
  }

  /** Resolves when the bus has been joined. */
  async joined(): Promise<void> {
    await this.joining;
  }

  /**
   * Reports not ready, and serves on for DRAIN_MS without keeping connections. Then takes no new requests, finishes
   * those in flight, aborts jobs, leaves the consumer groups, publishes queued events and closes the connections.
   */
  async stop(): Promise<void> {
    this.health.notServing = 'stopping';
    this.listener?.drain();
    if (this.listener) await sleep(this.config.DRAIN_MS);
    this.stopping.abort(new Error('the process is stopping'));
    const step = stopSteps(this.logger);
    await Promise.all([
      step('requests', () => this.listener?.stop()),
      step('jobs', () => this.console?.jobs.settled()),
    ]);
    await step('consumers', () => this.joining.then(() => this.messaging?.leave()));
    await step('relays', (timeoutMs) => this.messaging?.flush(timeoutMs - 200));
    await Promise.all([
      step('connections', () => Promise.all(this.connections.map((connection) => connection.close()))),
      step('traces', (timeoutMs) => this.traces?.stop(timeoutMs - 200)),
    ]);
    await step('management', () => this.management?.stop());
  }

  /** Names that it is reached by. */
  private get hostNames(): readonly string[] {
    const { HOST, ALLOWED_HOSTS = [] } = this.config;
    return [HOST, ...ALLOWED_HOSTS];
  }

  private createManagementApp(authentication: Authentication | undefined): Express {
    const { version, commit } = readBuildInfo();
    const info = { version, commit, modules: this.contexts.map(({ name }) => name), adapters: this.adapters };
    const { health, metrics, logger, hostNames } = this;
    const console = createConsole({
      ...{ logger, stopping: this.stopping.signal, verifyToken: authentication?.verify },
      system: () => this.console,
    });
    return createManagementApp({
      health,
      metrics,
      logger,
      console,
      info: () => info,
      ...(!authentication && { hostNames }),
    });
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
        observer: this.metrics.erasures,
      });
      this.members.push({ ...opened, context, database });
      const name = `${database.kind}:${context.name}`;
      this.adapters.push(name);
      this.health.add({ name, required: () => true, check: () => database.check() });
    }
  }

  private async openBus(privacy: Privacy): Promise<void> {
    const bus = await this.backends.openBus();
    this.connections.push(bus);
    const { subscriptions } = this;
    const schemaIds = await this.lookUpSchemaIds();
    const messaging = new Messaging(bus, this.participants(), this.logger, this.observer, schemaIds?.of);
    this.watchDeadLetters(bus, subscriptions);
    this.watchWrites();
    const readiness = cached(() => this.health.readiness());
    this.metrics.watchReadiness(async () => (await readiness())?.status);
    this.metrics.watchConsumers(() => messaging.restarts());
    this.metrics.watchDisagreements(() => messaging.disagreements());
    this.metrics.watchSubscribers(consumerLags(bus, subscriptions));
    this.health.watchOutboxes(() => messaging.reportBacklogs());
    this.metrics.watchOutboxes(() => messaging.reportBacklogs());
    this.adapters.push(this.backends.busName);
    for (const dependency of messaging.dependencies(this.backends.busName)) this.health.add(dependency);
    this.messaging = messaging;
    const { config, members, allContexts, health, metrics, logger } = this;
    this.console = consoleSystem(
      consoleSourcesOf({
        ...{ config, members, allContexts, bus, privacy, messaging, health, metrics, logger },
        stopping: this.stopping.signal,
      }),
    );
    metrics.watchJobs(() => this.console?.jobs.views ?? []);
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
      ({ context: { name }, stores: outboxes, subscriptions, replayable, histories, keys, begin, database }) => {
        const { positions, pins } = database;
        const { projections } = replayable;
        return { name, outboxes, subscriptions, projections, histories, keys, begin, positions, pins };
      },
    );
  }

  private watchDeadLetters(bus: Bus, subscriptions: readonly Subscription[]): void {
    const pending = new PendingDeadLetters(bus, subscriptions);
    this.health.watchDeadLetters(() => pending.counts());
    this.metrics.watchDeadLetters(() => pending.counts());
    for (const subscription of subscriptions) this.metrics.messaging.expectConsumed(subscription);
  }

  private watchWrites(): void {
    const { messaging, erasures } = this.metrics;
    for (const store of this.stores) {
      messaging.expectPublished(store.topic);
      store.onBulkWrite((commands) => messaging.onBulkWrite(store.topic, commands));
    }
    const unconfirmed = this.members.flatMap((member) => member.unconfirmed);
    erasures.watchUnconfirmed(async () => (await Promise.all(unconfirmed.map((each) => each.report()))).flat());
  }

  private get observer(): MessagingObserver {
    const { metrics, health } = this;
    return {
      onPublished: (topic, events) => metrics.messaging.onPublished(topic, events),
      onPublishFailed: (topic) => metrics.messaging.onPublishFailed(topic),
      onHandled: (consumed, handled) => metrics.messaging.onHandled(consumed, handled),
      onDeadLetters: (consumed, deadLettered) => {
        metrics.messaging.onDeadLetters(consumed, deadLettered);
        if (deadLettered.programmingErrors > 0) health.noteProgrammingError(deadLetterTopic(consumed));
      },
    };
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
}
