import type { IocContainer } from '@tsoa/runtime';
import type { Request } from 'express';

/** Gives tsoa's generated routes the container of the app that serves the request, so that none is global. */
export function iocContainer(request: unknown): IocContainer {
  return (request as Request).app.get('container') as IocContainer;
}
