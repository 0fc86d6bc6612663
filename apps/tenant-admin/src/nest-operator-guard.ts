import { createHash, timingSafeEqual } from 'node:crypto';
import { CanActivate, ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AppError } from '@hongyan/protocol';
import type { Request } from 'express';
import { TENANT_ADMIN_PARTS, type TenantAdminParts } from './parts.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Operators present the installation's token. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(@Inject(TENANT_ADMIN_PARTS) parts: TenantAdminParts) {
    this.expected = digest(parts.operatorToken);
  }

  canActivate(context: ExecutionContext): boolean {
    const { authorization } = context.switchToHttp().getRequest<Request>().headers;
    const [, token] = /^Bearer (\S+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined || !timingSafeEqual(digest(token), this.expected)) {
      throw new AppError('unauthenticated', { detail: 'the operator token is missing or wrong' });
    }
    return true;
  }
}
