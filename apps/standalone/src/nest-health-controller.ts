import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Health } from './health.js';

/** For load balancers and supervisors; open to everybody. */
@Controller('health')
export class HealthController {
  constructor(@Inject(Health) private readonly health: Health) {}

  @Get('live')
  live(): { status: string; instance: string } {
    return { status: 'live', instance: this.health.instance };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) response: Response): Promise<{ status: string }> {
    const { ready, status } = await this.health.check();
    response.status(ready ? 200 : 503);
    return { status };
  }
}
