/** Returns the topic with the changes of the persons whose keys are on this topic: `accounts.customer.change`. */
export function changesTopicOf(keysTopic: string): string {
  return `${kindOf(keysTopic)}.change`;
}

/** Returns the topic where contexts confirm that they have erased a person: `accounts.customer.erasures`. */
export function erasuresTopicOf(keysTopic: string): string {
  return `${kindOf(keysTopic)}.erasures`;
}

/** Returns true for a topic of confirmations of erasures. */
export function isErasuresTopic(topic: string): boolean {
  return topic.endsWith('.erasures');
}

/** Returns the member of the data of a person's events that has the person: `customer`. */
export function memberOf(keysTopic: string): string {
  return kindOf(keysTopic).split('.').at(-1) as string;
}

/** Returns the kind of the persons: `accounts.customer`. */
export function kindOf(keysTopic: string): string {
  return keysTopic.replace(/\.keys$/, '');
}
