const { Annotation } = require('@langchain/langgraph');
module.exports = { name: `legacy ${typeof Annotation}` };
