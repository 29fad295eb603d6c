import { isDeepStrictEqual } from 'node:util';
import {
  Body,
  Consumes,
  Delete,
  Example,
  Get,
  Header,
  Patch,
  Path,
  Post,
  Put,
  Query,
  Request,
  Response,
  Route,
  Security,
  SuccessResponse,
  Tags,
} from '@tsoa/runtime';
import type { Request as HttpRequest } from 'express';
import {
  idempotencyOf,
  mergePatch,
  onlyFor,
  parseIfMatch,
  parseTime,
  type Problem,
  requireScope,
  ResourceController,
  type Time,
} from '../../platform/http.js';
import type { ChangeCustomer } from '../app/change-customer.js';
import type { EraseCustomer } from '../app/erase-customer.js';
import type { GetCustomer } from '../app/get-customer.js';
import type { ListCustomers } from '../app/list-customers.js';
import type { RegisterCustomer } from '../app/register-customer.js';
import { type Customer, type CustomerInput, existing, statedBy } from '../domain/customer.js';
import type { CustomerPage, CustomerPatch } from './customer-shapes.js';
import type { Attestation } from '../../platform/index.js';
import type { AttestErasure } from '../app/attest-erasure.js';
import { CUSTOMER, CUSTOMERS, ERASED, ERASURE, INVALID, NOT_ERASED, NOT_FOUND } from './examples.js';

const PATH = '/accounts/customers';
const SORTABLE = {
  createdAt: 'createdAt',
  updatedAt: 'updatedAt',
  lastName: 'name.lastName',
  email: 'contact.email',
};

@Route('accounts/customers')
@Tags('Customers')
export class CustomersController extends ResourceController {
  constructor(
    private readonly registerCustomer: RegisterCustomer,
    private readonly changeCustomer: ChangeCustomer,
    private readonly eraseCustomer: EraseCustomer,
    private readonly attestErasure: AttestErasure,
    private readonly getCustomer: GetCustomer,
    private readonly listCustomers: ListCustomers,
  ) {
    super();
  }

  /**
   * The number of a card is validated and then discarded: it is never stored, logged or published in an event.
   * @summary Registers a customer
   * @param idempotencyKey A repeated request with the same key gets the first response again, for 24 hours.
   * @pattern idempotencyKey ^[!-~]{1,255}$
   */
  @Post()
  @Security('bearer', ['customers:write'])
  @SuccessResponse(201, 'The customer was registered; `Location` is its path, `ETag` its version')
  @Example<Customer>(CUSTOMER)
  @Response<Problem>(422, 'A field or parameter is invalid; `errors` lists each one', INVALID)
  async register(
    @Body() body: CustomerInput,
    @Request() request: HttpRequest,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<Customer> {
    const outcome = await this.registerCustomer.execute(body, idempotencyOf(idempotencyKey, request));
    return this.created(PATH, { ...outcome, state: existing(outcome.state) });
  }

  /**
   * Without filters, all customers. An erased customer is in no list.
   * @summary Lists customers
   * @param email Only customers with exactly this e-mail address.
   * @maxLength email 254
   * @pattern email ^[^\s@]+@[^\s@]+$
   * @param lastName Only customers with exactly this last name.
   * @maxLength lastName 100
   * @param postalCode Only customers with exactly this postal code in an address.
   * @maxLength postalCode 20
   * @param sort Comma-separated sort fields, most significant first; prefix `-` for descending.
   * @maxLength sort 50
   * @pattern sort ^(?!.*(createdAt|updatedAt|lastName|email).*\1)-?(createdAt|updatedAt|lastName|email)(,-?(createdAt|updatedAt|lastName|email)){0,3}$
   * @param limit Maximum number of customers per page.
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the previous page.
   */
  @Get()
  @Security('bearer', ['customers:read'])
  @Security('bearer', ['customers:self'])
  @SuccessResponse(200, 'A page of customers; `Link` with `rel="next"` points to the next page')
  @Example<CustomerPage>(CUSTOMERS)
  async list(
    @Request() request: HttpRequest,
    @Query() email?: string,
    @Query() lastName?: string,
    @Query() postalCode?: string,
    @Query() sort = 'createdAt',
    @Query() limit = 50,
    @Query() cursor?: string,
  ): Promise<CustomerPage> {
    const filter = { email, lastName, postalCode };
    const paging = this.paging({ path: PATH, filter, sort: { by: sort, fields: SORTABLE }, limit, cursor });
    const { items, next } = await this.listCustomers.execute(filter, paging.order, onlyFor(request));
    return { items: [...items], ...paging.following(next) };
  }

  /**
   * A past state is read from the history, until the customer is erased.
   * @summary Returns a customer, current or as of a version or a time
   * @param version Return the customer as of this version.
   * @isLong version
   * @minimum version 1
   * @maximum version 999999999999
   * @param at Return the customer as of this time (RFC 3339). Takes precedence over `version`.
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}')
  @Security('bearer', ['customers:read'])
  @Security('bearer', ['customers:self'])
  @SuccessResponse(200, 'The customer; `ETag` is its version')
  @Example<Customer>(CUSTOMER)
  @Response<Problem>(404, 'No such customer, or it did not exist at that version or time', NOT_FOUND)
  @Response<Problem>(410, 'The customer was erased', ERASED)
  async read(@Path() customerId: string, @Query() version?: number, @Query() at?: Time): Promise<Customer> {
    const { getCustomer } = this;
    if (at !== undefined) return this.versioned({ state: await getCustomer.atTime(customerId, parseTime('/at', at)) });
    if (version !== undefined) return this.versioned({ state: await getCustomer.atVersion(customerId, version) });
    return this.versioned({ state: await getCustomer.execute(customerId) });
  }

  /**
   * A card already on file may be sent back as it was read, without its number.
   * @summary Replaces a customer
   * @param ifMatch Apply the change only if the current version has this ETag.
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Put('{customerId}')
  @Security('bearer', ['customers:write'])
  @Security('bearer', ['customers:self'])
  @SuccessResponse(200, 'The customer; `ETag` is its version, which stays the same if nothing changed')
  @Example<Customer>(CUSTOMER)
  @Response<Problem>(404, 'No such customer', NOT_FOUND)
  @Response<Problem>(410, 'The customer was erased', ERASED)
  @Response<Problem>(422, 'A field or parameter is invalid; `errors` lists each one', INVALID)
  async replace(
    @Path() customerId: string,
    @Body() body: CustomerInput,
    @Header('If-Match') ifMatch?: string,
  ): Promise<Customer> {
    return this.versioned({ state: await this.changeCustomer.execute(customerId, () => body, parseIfMatch(ifMatch)) });
  }

  /**
   * JSON Merge Patch (RFC 7396): objects are merged, an array is replaced as a whole, `null` removes a field. A patch
   * that changes nothing also needs the scope `customers:read`, because its response only shows the customer; with
   * `customers:self` it does not.
   * @summary Changes parts of a customer
   * @param ifMatch Apply the change only if the current version has this ETag.
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Patch('{customerId}')
  @Security('bearer', ['customers:write'])
  @Security('bearer', ['customers:self'])
  @Consumes('application/merge-patch+json')
  @SuccessResponse(200, 'The customer; `ETag` is its version, which stays the same if nothing changed')
  @Example<Customer>(CUSTOMER)
  @Response<Problem>(404, 'No such customer', NOT_FOUND)
  @Response<Problem>(410, 'The customer was erased', ERASED)
  @Response<Problem>(422, 'A field or parameter is invalid; `errors` lists each one', INVALID)
  async patch(
    @Path() customerId: string,
    @Body() body: CustomerPatch,
    @Request() request: HttpRequest,
    @Header('If-Match') ifMatch?: string,
  ): Promise<Customer> {
    const patched = (customer: Customer) => {
      const before = statedBy(customer);
      const after = mergePatch(before, body) as CustomerInput;
      if (isDeepStrictEqual(before, after)) requireScope(request, 'customers:read', 'customers:self');
      return after;
    };
    return this.versioned({ state: await this.changeCustomer.execute(customerId, patched, parseIfMatch(ifMatch)) });
  }

  /**
   * The history remains, without personal data. Every context with a copy of the customer erases its copy.
   * @summary Erases a customer's data
   * @param ifMatch Erase only if the current version has this ETag.
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Delete('{customerId}')
  @Security('bearer', ['customers:write'])
  @Security('bearer', ['customers:self'])
  @SuccessResponse(204, 'The customer was erased')
  @Response<Problem>(404, 'No such customer', NOT_FOUND)
  @Response<Problem>(410, 'The customer was already erased', ERASED)
  async erase(@Path() customerId: string, @Header('If-Match') ifMatch?: string): Promise<void> {
    await this.eraseCustomer.execute(customerId, parseIfMatch(ifMatch));
  }

  /**
   * Proves the erasure without the customer's data: the destroyed key, the contexts that have confirmed, and what is left
   * in clear text, and until when.
   * @summary Returns the attestation of an erasure
   * @example customerId "01a20699-0298-778c-90c1-07a39812d871"
   */
  @Get('{customerId}/erasure')
  @Security('bearer', ['customers:read'])
  @Security('bearer', ['customers:self'])
  @SuccessResponse(200, 'The attestation; `awaited` is empty once every context has confirmed')
  @Example<Attestation>(ERASURE)
  @Response<Problem>(404, 'No such customer, or it was not erased', NOT_ERASED)
  async erasure(@Path() customerId: string): Promise<Attestation> {
    return this.attestErasure.execute(customerId);
  }
}
