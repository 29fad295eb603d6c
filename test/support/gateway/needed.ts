import { describeUnlessMissing } from '../../../src/platform/testing/own-servers-needed.js';
import { describeWithRealServers } from '../../../src/platform/testing/real-servers.js';

/** `describe`, for what runs the gateway: skipped, and said so at the end of the run, where there is no HAProxy. */
export function describeWithGateway(name: string, tests: () => void): void {
  describeUnlessMissing(process.env.NO_HAPROXY, 'no gateway to run', name, tests);
}

/** As {@link describeWithGateway}, in front of services on the real Kafka and MongoDB. */
export function describeWithGatewayAndServers(name: string, tests: () => void): void {
  describeWithRealServers('with real servers', () => describeWithGateway(name, tests));
}
