'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
const { makeClient } = require('./runtime/library');
exports.Prisma = { SortOrder: { asc: 'asc', desc: 'desc' } };
exports.PrismaClient = makeClient({ models: ['user'] });
