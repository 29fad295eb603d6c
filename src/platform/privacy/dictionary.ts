/** Rare first: a fragment that is near the end costs fewer bits. */
const FRAGMENTS = [
  // Values that many persons share.
  ' Boulevard Drive Court Square Place Lane 2nd floor Apt Suite Strasse Straße Rue de la Avenue Road Street',
  'Berlin Paris Madrid Sydney Toronto Dublin San Francisco Los Angeles Chicago New York London',
  'Mrs Ms Dr Mr Jr Sr ',
  '@yahoo.com","@hotmail.com","@outlook.com","@icloud.com","@web.de","@gmx.de","@example.org","@example.com","@gmail.com',
  '"country":"JP"},{"country":"IN"},{"country":"BR"},{"country":"AU"},{"country":"CA"},{"country":"NL"},{"country":"ES',
  '"},{"country":"IT"},{"country":"FR"},{"country":"DE"},{"country":"GB"},{"country":"US',
  '01/2902/2903/3004/3005/3106/3107/3208/3209/2910/3011/3112/30',
  // Orders.
  '{"/order/cancelReason":"","/order/shipTo":{"address1":"","customerVersion":1}}',
  '{"/order/shipTo":{"type":"SHIPPING_ALTERNATE","description":"","address1":"","customerVersion":1}}',
  // Parts of a customer in the order in which the members are sorted.
  '{"address1":"","address2":"","city":"","country":"US","description":"","postalCode":"","state":"","type":"SHIPPING_ALTERNATE"}',
  '{"brand":"MASTERCARD","description":"","expiration":"","last4":"","nameOnCard":"","type":"ALTERNATE"}',
  '{"brand":"AMEX","expiration":"","last4":"","nameOnCard":"","type":"PRIMARY"}],"/customer/name":{"firstName":"","lastName":"","middleName":"","suffix":"","title":"',
  '{"/customer/addresses":[{"address1":"","city":"","country":"US","postalCode":"","state":"","type":"BILLING"},{"address1":"',
  '","type":"SHIPPING"}],"/customer/contact":{"email":"","primaryPhone":"+1","secondaryPhone":"+1"},"/customer/creditCards":[{"brand":"VISA","expiration":"',
  // Parts of a customer in the order in which the members are written.
  '"/customer/name":{"title":"","firstName":"","middleName":"","lastName":"","suffix":""}',
  '{"/customer/addresses":[],"/customer/contact":{"email":"","primaryPhone":"","secondaryPhone":""},"/customer/creditCards":[]',
  '{"type":"SHIPPING_ALTERNATE","description":"","address1":"","address2":"","city":"","state":"","postalCode":"","country":"DE"}',
  '{"type":"ALTERNATE","description":"","brand":"MASTERCARD","last4":"","expiration":"","nameOnCard":""}',
  '"}],"/customer/creditCards":[{"type":"PRIMARY","brand":"AMEX","last4":"","expiration":"","nameOnCard":""}]',
  '{"/customer/name":{"firstName":"","lastName":""},"/customer/contact":{"email":""},"/customer/addresses":[{"type":"BILLING","address1":"',
  '","country":"US"},{"type":"SHIPPING","address1":"","city":"","state":"","postalCode":"","country":"GB',
  '"}],"/customer/contact":{"email":"@example.com","primaryPhone":"+1","secondaryPhone":"+44 "},',
  '"/customer/creditCards":[{"type":"PRIMARY","brand":"VISA","last4":"","expiration":"","nameOnCard":"',
  '"}],"/customer/name":{"firstName":"","lastName":"',
];

/**
 * What the compression `DEF-d1` starts with: fragments of the personal data of customers and orders as JSON. It can never
 * change, because what was compressed with it could not be read again. Another dictionary needs another name.
 */
export const DICTIONARY_D1: Buffer = Buffer.from(FRAGMENTS.join(''));
