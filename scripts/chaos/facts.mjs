import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * What a run recorded and read back. The checks are pure functions over these.
 *
 * @typedef {'customer' | 'order'} Kind
 *
 * @typedef {object} Content what a state says
 * @property {number} version
 * @property {string} digest of the whole state
 * @property {string} rest digest of what no client changes
 * @property {Readonly<Record<string, string>>} fields what clients change
 * @property {string} [copy] of a customer: the digest of the copy that orders keeps
 * @property {string} [customerId] of an order
 * @property {boolean} [erased]
 *
 * @typedef {'register' | 'patch' | 'erase' | 'place' | 'ship' | 'cancel'} Write
 * @typedef {'read' | 'read-order' | 'read-copy'} Read
 *
 * @typedef {object} Call one try of a client
 * @property {number} client
 * @property {Write | Read} kind
 * @property {string} [id] of the aggregate; a creation that was not answered has none
 * @property {number} start milliseconds on the runner's monotonic clock
 * @property {number} end
 * @property {'done' | 'refused' | 'unknown'} outcome unknown: no answer, or 5xx; it may have happened, or happen later
 * @property {number} status 0: no answer
 * @property {string} [problem] type of the problem that was answered, or code of the failure
 * @property {string} [marker] text that this write and no other puts into the state
 * @property {string} [field] that it changes
 * @property {number} [expected] version that `If-Match` names
 * @property {number} [minVersion]
 * @property {Content} [content] of the answer
 * @property {boolean} [copyErased] orders answered that the customer was erased
 *
 * @typedef {object} LogEvent
 * @property {Kind} kind
 * @property {string} topic
 * @property {number} partition
 * @property {number} offset
 * @property {string} id of the aggregate
 * @property {string} type such as `registered`
 * @property {string} eventId
 * @property {string | undefined} hash
 * @property {string | undefined} prevhash
 * @property {boolean} isWhole the hash is that of the event
 * @property {Content} content the state after it
 *
 * @typedef {object} Stored
 * @property {string} id
 * @property {Content} content
 * @property {string | undefined} hash
 * @property {number} pending events
 * @property {boolean} [personal] of an order: it holds an address or a reason
 *
 * @typedef {object} Copy
 * @property {string} id
 * @property {number} version
 * @property {string} digest
 * @property {boolean} erased
 *
 * @typedef {object} Recorded an entry of a history
 * @property {string} id
 * @property {number} version
 * @property {string} eventId
 * @property {string | undefined} hash
 * @property {number} partition
 * @property {number} offset
 * @property {string | undefined} digest of its state, where it has one
 * @property {boolean} personal its state holds personal data
 *
 * @typedef {object} Stores
 * @property {readonly Stored[]} customers
 * @property {readonly Stored[]} orders
 * @property {readonly Copy[]} copies
 * @property {readonly Recorded[]} customerHistory
 * @property {readonly Recorded[]} orderHistory
 *
 * @typedef {object} Finding
 * @property {'lost' | 'reordered' | 'diverged' | 'unexpected'} sort
 * @property {string} what
 * @property {string} [id] of the aggregate
 * @property {number} [version] that is lost
 * @property {number} [at] when the change was acknowledged that it is about, on the runner's clock
 */

/** The fields of a customer that clients change, each by its place. */
export const CUSTOMER_FIELDS = /** @type {const} */ ({
  title: ['name', 'title'],
  middleName: ['name', 'middleName'],
  suffix: ['name', 'suffix'],
  primaryPhone: ['contact', 'primaryPhone'],
  /** A counter that clients read, increment and write back with `If-Match`: `<count>-<marker>`. */
  counter: ['contact', 'secondaryPhone'],
});

/** @param {unknown} value */
export function digestOf(value) {
  return createHash('sha256')
    .update(/** @type {string} */ (canonicalize(value)))
    .digest('hex')
    .slice(0, 24);
}

/** @param {any} state a customer as it is answered, stored and published @returns {Content} */
export function customerContent(state) {
  const { id, version, createdAt, updatedAt, creditCards, ...rest } = state;
  if (state.erased === true) {
    const copy = digestOf({ id, version, erased: true });
    return { version, digest: digestOf(state), rest: '', fields: {}, copy, erased: true };
  }
  const { title, middleName, suffix, ...name } = rest.name;
  const { primaryPhone, secondaryPhone, ...contact } = rest.contact;
  const own = { title, middleName, suffix, primaryPhone, counter: secondaryPhone, lastName: name.lastName };
  return {
    version,
    digest: digestOf(state),
    rest: digestOf({ ...rest, id, createdAt, creditCards: creditCards ?? [], name, contact }),
    fields: definedOf(own),
    copy: digestOf({ ...rest, id, version, createdAt, updatedAt }),
  };
}

/** @param {any} state an order as it is answered, stored and published @returns {Content} */
export function orderContent(state) {
  const { version, updatedAt, status, shipTo, cancelReason, redactedAt, ...rest } = state;
  const fields = { status, reason: cancelReason, product: rest.items[0]?.product.id };
  return {
    version,
    digest: digestOf(state),
    rest: digestOf(rest),
    fields: definedOf(fields),
    customerId: rest.customerId,
  };
}

/** @param {any} state of an order */
export function isPersonal(state) {
  return state?.shipTo !== undefined || state?.cancelReason !== undefined;
}

/** @param {Record<string, string | undefined>} fields @returns {Record<string, string>} */
function definedOf(fields) {
  return /** @type {Record<string, string>} */ (
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  );
}
