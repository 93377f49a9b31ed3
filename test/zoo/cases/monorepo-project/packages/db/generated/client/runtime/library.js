'use strict';
const rows = [{ name: 'ada' }, { name: 'bob' }];
module.exports.makeClient = ({ models }) =>
  class {
    constructor() {
      const model = { findMany: async ({ where }) => rows.filter(({ name }) => name === where.name) };
      for (const name of models) this[name] = model;
    }
  };
