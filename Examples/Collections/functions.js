// One firing emits a collection; its count signal tells the consumer how many elements it has.
exports.generate = (ins, outs, context, cb) => {
  const size = ins.size.data[0];
  outs.item.data = Array.from({ length: size }, (_, index) => `${size}.${index + 1}`);
  cb(null, outs);
};

exports.collect = (ins, outs, context, cb) => {
  console.log(`collection ${context.firingId}: ${ins.item.data.join(' ')}`);
  cb(null, outs);
};
