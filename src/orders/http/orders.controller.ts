import {
  Body,
  Example,
  Get,
  Header,
  Path,
  Post,
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
  conditionsOf,
  idempotencyOf,
  onlyFor,
  parsePreferWait,
  type Problem,
  ResourceController,
} from '../../platform/http.js';
import type { CancelOrder } from '../app/cancel-order.js';
import type { GetOrder } from '../app/get-order.js';
import type { ListOrders } from '../app/list-orders.js';
import type { OrderInput, PlaceOrder } from '../app/place-order.js';
import type { ShipOrder } from '../app/ship-order.js';
import type { Order, OrderStatus } from '../domain/order.js';
import {
  CANCELLED,
  NO_SHIPPING_ADDRESS,
  NOT_FOUND,
  ORDER,
  ORDERS,
  SHIPPED,
  UNKNOWN_CUSTOMER,
  WRONG_STATUS,
} from './examples.js';
import type { Cancellation, OrderPage } from './order-shapes.js';

const PATH = '/orders';
const SORTABLE = { createdAt: 'createdAt', updatedAt: 'updatedAt' };

@Route('orders')
@Tags('Orders')
export class OrdersController extends ResourceController {
  constructor(
    private readonly placeOrder: PlaceOrder,
    private readonly shipOrder: ShipOrder,
    private readonly cancelOrder: CancelOrder,
    private readonly getOrder: GetOrder,
    private readonly listOrders: ListOrders,
  ) {
    super();
  }

  /**
   * Orders needs its own copy of the customer, which follows the events of accounts: right after a registration, wait for
   * it with `minCustomerVersion`.
   * @summary Places an order
   * @param prefer `wait=SECONDS`: how long to wait for `minCustomerVersion`, at most 10 seconds.
   * @param idempotencyKey A repeated request with the same key gets the first response again, for 24 hours.
   * @pattern idempotencyKey ^[!-~]{1,255}$
   */
  @Post()
  @Security('bearer', ['orders:write'])
  @Security('bearer', ['orders:self'])
  @SuccessResponse(201, 'The order was placed; `Location` is its path, `ETag` its version')
  @Example<Order>(ORDER)
  @Response<Problem>(422, 'A field is invalid, or orders does not know this customer', UNKNOWN_CUSTOMER)
  @Response<Problem>(503, 'The copy has not reached `minCustomerVersion`; retry after `Retry-After` seconds')
  async place(
    @Body() body: OrderInput,
    @Request() request: HttpRequest,
    @Header('Prefer') prefer?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<Order> {
    const idempotency = idempotencyOf(idempotencyKey, request);
    const waitSeconds = parsePreferWait(prefer);
    return this.created(PATH, await this.placeOrder.execute(body, waitSeconds, idempotency, onlyFor(request)));
  }

  /**
   * Without filters, the orders of all customers.
   * @summary Lists orders
   * @param customerId Only orders of this customer.
   * @param status Only orders in this status.
   * @param sort Comma-separated sort fields, most significant first; prefix `-` for descending.
   * @maxLength sort 50
   * @pattern sort ^(?!.*(createdAt|updatedAt).*\1)-?(createdAt|updatedAt)(,-?(createdAt|updatedAt)){0,1}$
   * @param limit Maximum number of orders per page.
   * @isInt limit
   * @minimum limit 1
   * @maximum limit 200
   * @param cursor `next` of the previous page.
   */
  @Get()
  @Security('bearer', ['orders:read'])
  @Security('bearer', ['orders:self'])
  @SuccessResponse(200, 'A page of orders; `Link` with `rel="next"` points to the next page')
  @Example<OrderPage>(ORDERS)
  async list(
    @Request() request: HttpRequest,
    @Query() customerId?: string,
    @Query() status?: OrderStatus,
    @Query() sort = 'createdAt',
    @Query() limit = 50,
    @Query() cursor?: string,
  ): Promise<OrderPage> {
    const filter = { customerId, status };
    const paging = this.paging({ path: PATH, filter, sort: { by: sort, fields: SORTABLE }, limit, cursor });
    const { items, next } = await this.listOrders.execute(filter, paging.order, onlyFor(request));
    return { items: [...items], ...paging.following(next) };
  }

  /**
   * An order whose customer was erased has `redactedAt`, and no `shipTo` and no `cancelReason`.
   * @summary Returns an order
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Get('{orderId}')
  @Security('bearer', ['orders:read'])
  @Security('bearer', ['orders:self'])
  @SuccessResponse(200, 'The order; `ETag` is its version')
  @Example<Order>(ORDER)
  @Response<Problem>(404, 'No such order', NOT_FOUND)
  async read(@Path() orderId: string, @Request() request: HttpRequest): Promise<Order> {
    return this.versioned({ state: await this.getOrder.execute(orderId, onlyFor(request)) });
  }

  /**
   * Sets `shipTo` to the customer's shipping address, as orders' copy of the customer has it at this moment.
   * @summary Ships an order to the customer's shipping address
   * @param ifMatch Ship only if the current version has this ETag.
   * @param idempotencyKey A repeated request with the same key gets the first response again, for 24 hours.
   * @pattern idempotencyKey ^[!-~]{1,255}$
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Post('{orderId}/ship')
  @Security('bearer', ['orders:write'])
  @SuccessResponse(200, 'The order was shipped to `shipTo`')
  @Example<Order>(SHIPPED)
  @Response<Problem>(404, 'No such order', NOT_FOUND)
  @Response<Problem>(409, 'The order is not PLACED', WRONG_STATUS)
  @Response<Problem>(422, 'The customer has no shipping address', NO_SHIPPING_ADDRESS)
  async ship(
    @Path() orderId: string,
    @Request() request: HttpRequest,
    @Header('If-Match') ifMatch?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<Order> {
    const conditions = conditionsOf(request, { ifMatch, idempotencyKey });
    return this.versioned(await this.shipOrder.execute(orderId, conditions));
  }

  /**
   * Only an order that is PLACED can be cancelled.
   * @summary Cancels an order that is not shipped yet
   * @param ifMatch Cancel only if the current version has this ETag.
   * @param idempotencyKey A repeated request with the same key gets the first response again, for 24 hours.
   * @pattern idempotencyKey ^[!-~]{1,255}$
   * @example orderId "01a20699-02a9-740e-aead-da7262a9c6e1"
   */
  @Post('{orderId}/cancel')
  @Security('bearer', ['orders:write'])
  @Security('bearer', ['orders:self'])
  @SuccessResponse(200, 'The order was cancelled')
  @Example<Order>(CANCELLED)
  @Response<Problem>(404, 'No such order', NOT_FOUND)
  @Response<Problem>(409, 'The order is not PLACED', WRONG_STATUS)
  async cancel(
    @Path() orderId: string,
    @Request() request: HttpRequest,
    @Body() body?: Cancellation,
    @Header('If-Match') ifMatch?: string,
    @Header('Idempotency-Key') idempotencyKey?: string,
  ): Promise<Order> {
    const conditions = conditionsOf(request, { ifMatch, idempotencyKey });
    return this.versioned(await this.cancelOrder.execute(orderId, body?.reason, conditions, onlyFor(request)));
  }
}
