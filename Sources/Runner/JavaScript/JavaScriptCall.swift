import Engine
import JSONValue
import JobProtocol
import Posix
import Redis
import Signing
import Workflow

/// One call of a JavaScript function, as it is sent to Node.js.
struct JavaScriptCall: Sendable {
  let job: String
  let module: String
  let process: Workflow.Process
  let inputs: [JSON]
  let outputs: [JSON]
  let context: JSONObject

  var json: JSON {
    .object([
      "op": "call", "call": .string(job), "module": .string(module),
      "function": .string(process.function ?? ""), "isChoice": .bool(process.kind == .choice),
      "ins": .array(inputs), "outs": .array(outputs), "context": .object(context),
    ])
  }
}

/// The data about the run that JavaScript functions get, besides their firing.
struct FunctionEnvironment: Sendable {
  let workflowName: String
  let workflowDirectory: String
  /// Includes the password of the Redis user for functions, because they start executors.
  let redisURL: String
  /// Why functions cannot log in; `nil` if they can.
  var redisNotice: String?
  /// The configuration files, merged.
  let configuration: JSONObject

  /// The environment of Node.js: ours, without the signing key and without any variable that holds
  /// the password of the run's Redis. `REDIS_URL` is the URL for functions.
  static func variables(hiding url: RedisURL, giving functionURL: RedisURL) -> [String: String] {
    var variables = Environment.all.filter { name, value in
      guard name != SigningKey.variable, name != "HFLOW_REDIS_URL" else { return false }
      guard let password = url.password else { return true }
      return value != password && (try? RedisURL(parsing: value))?.password != password
    }
    variables["REDIS_URL"] = functionURL.plainText
    variables.merge(functionURL.tls?.environment ?? [:]) { _, file in file }
    // HyperFlow's executor crashes without it, and functions start executors.
    variables["HF_VAR_ENABLE_TRACING"] = variables["HF_VAR_ENABLE_TRACING"] ?? "0"
    return variables
  }

  /// The process's `config` and what the original engine adds to it.
  func context(of process: Workflow.Process, _ id: JobID, isRecovered: Bool = false) -> JSONObject {
    var context = process.config
    context["name"] = .string(process.name)
    context["appConfig"] = .object(configuration)
    context["hfId"] = .string("\(id.task.run)")
    context["appId"] = .int(id.task.workflow)
    context["procId"] = .int(id.task.process)
    context["firingId"] = .int(id.task.firing)
    context["taskId"] = .string("\(id)")
    context["attempt"] = .int(id.attempt)
    context["wfname"] = .string(workflowName)
    context["workdir"] = .string(workflowDirectory)
    context["redis_url"] = .string(redisURL)
    context["recovered"] = .bool(isRecovered)
    return context
  }
}
