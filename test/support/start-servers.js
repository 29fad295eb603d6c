import { missingGo } from '../../scripts/chaos/linearizability.mjs';
import { missingPromtool } from '../../scripts/monitoring/promtool.mjs';
import { missingPython } from '../../scripts/python-tools.mjs';
import { missingHaproxy } from '../../scripts/servers/haproxy.mjs';
import { masterKeysOf, missingPrerequisite } from '../../scripts/servers.mjs';
import { missingChromium } from './chromium.js';
import { findServers, NAME } from './find-servers.js';
import { missingForPlatformatic } from './platformatic.js';

/** @type {import('./find-servers.js').FoundServers | undefined} */
let found;

/** Finds real servers for the run. @throws Error when there are none and REQUIRE_REAL_SERVERS is 1. */
export default async function startServers() {
  const missing = missingPrerequisite();
  if (missing !== undefined) process.env.NO_OWN_SERVERS = missing;
  const noPython = missingPython();
  if (noPython !== undefined) process.env.NO_KUBERNETES_TOOLS = noPython;
  const noGateway = missingHaproxy();
  if (noGateway !== undefined) process.env.NO_HAPROXY = noGateway;
  const noPromtool = missingPromtool();
  if (noPromtool !== undefined) process.env.NO_PROMTOOL = noPromtool;
  const noGo = missingGo();
  if (noGo !== undefined) process.env.NO_GO = noGo;
  const noBrowser = missingChromium();
  if (noBrowser !== undefined) process.env.NO_CHROMIUM = noBrowser;
  const noPlatformatic = missingForPlatformatic();
  if (noPlatformatic !== undefined) process.env.NO_PLATFORMATIC = noPlatformatic;
  const servers = await findServers();
  // Given servers may have data that was sealed with other keys.
  process.env.FOUND_MASTER_KEYS = process.env.MASTER_KEYS_FILE || masterKeysOf(NAME);
  if ('missing' in servers) {
    if (process.env.REQUIRE_REAL_SERVERS === '1') {
      throw new Error(`REQUIRE_REAL_SERVERS is 1, and there are no real servers: ${servers.missing}`);
    }
    process.env.FOUND_NO_SERVERS = servers.missing;
    return;
  }
  found = servers;
  process.env.FOUND_KAFKA = servers.kafka;
  process.env.FOUND_MONGODB = servers.mongodb;
}

/** Stops the servers that were started for the run. */
export async function stopServers() {
  await found?.stop();
}
