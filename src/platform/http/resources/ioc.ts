import type { IocContainer } from '@tsoa/runtime';
import type { Request } from 'express';
import type { Container } from 'inversify';

/** The container of the app that serves a request, so that none is global. */
export function containerOf(request: Request): Container {
  return request.app.get('container') as Container;
}

/** The same for the routes that tsoa generates. */
export function iocContainer(request: unknown): IocContainer {
  return containerOf(request as Request) as unknown as IocContainer;
}
