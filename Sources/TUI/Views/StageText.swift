internal import Engine
internal import Workflow

/// Stages with how many of their tasks are meant: `mConcatFit, mBackground × 412`.
enum StageText {
  static func names(_ stages: [StageCount], _ model: Model, limit: Int = 8) -> String {
    let shown = stages.prefix(limit).map { item in
      let name = model.run.graph.stages[guarding: item.stage]?.name.displayName ?? ""
      return item.count == 1 ? name : "\(name) \(model.theme.times) \(item.count)"
    }
    let rest = stages.count > limit ? [model.theme.ellipsis] : []
    return (shown + rest).joined(separator: ", ")
  }
}
