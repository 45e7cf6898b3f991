/*
 * Lets Python's allocators fail where the agent asks for memory, and never where the application does.
 *
 *   call(n, stays, function, arguments)   calls with the nth allocation failing, and all behind it if `stays`;
 *                                         returns how many there were, and what the call returned or raised
 *   application(function)                 what it calls is the application's: nothing fails in it
 *   agent(function)                       what it calls is the agent's, also where the application calls it
 *   body(response)                        a response that hands everything to `response` as the application's
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyMemAllocatorEx original[2];
static const PyMemAllocatorDomain domains[2] = {PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
static int armed, in_application, stays;
static Py_ssize_t asked, failing;

static int fails(void) {
  if (!armed || in_application) return 0;
  asked++;
  return failing > 0 && (asked == failing || (stays && asked > failing));
}

static void *take(void *context, size_t size) {
  PyMemAllocatorEx *own = context;
  return fails() ? NULL : own->malloc(own->ctx, size);
}

static void *take_zeroed(void *context, size_t count, size_t size) {
  PyMemAllocatorEx *own = context;
  return fails() ? NULL : own->calloc(own->ctx, count, size);
}

static void *resize(void *context, void *memory, size_t size) {
  PyMemAllocatorEx *own = context;
  return fails() ? NULL : own->realloc(own->ctx, memory, size);
}

static void give_back(void *context, void *memory) {
  PyMemAllocatorEx *own = context;
  own->free(own->ctx, memory);
}

static PyObject *as(int application, PyObject *function, PyObject *const *arguments, size_t count, PyObject *names) {
  int before = in_application;
  in_application = application;
  PyObject *result = PyObject_Vectorcall(function, arguments, count, names);
  in_application = before;
  return result;
}

static PyObject *as_application(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  return as(1, self, arguments, (size_t)count, names);
}

static PyObject *as_agent(PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  return as(0, self, arguments, (size_t)count, names);
}

#define FUNCTION(name, function) {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, NULL}
static PyMethodDef application_definition = FUNCTION("application", as_application);
static PyMethodDef agent_definition = FUNCTION("agent", as_agent);

static PyObject *application(PyObject *module, PyObject *function) {
  return PyCFunction_New(&application_definition, function);
}

static PyObject *agent(PyObject *module, PyObject *function) { return PyCFunction_New(&agent_definition, function); }

/* A response: everything that it needs is made before, so that asking for it takes no memory. */
struct body {
  PyObject_HEAD PyObject *iterator, *close;
};

static PyObject *body_next(PyObject *self) {
  int before = in_application;
  in_application = 1;
  PyObject *part = PyIter_Next(((struct body *)self)->iterator);
  in_application = before;
  return part;
}

static PyObject *body_attribute(PyObject *self, PyObject *name) {
  if (PyUnicode_CompareWithASCIIString(name, "close") == 0) return Py_NewRef(((struct body *)self)->close);
  return PyObject_GenericGetAttr(self, name);
}

static void body_dealloc(PyObject *self) {
  int before = in_application;
  in_application = 1;
  Py_CLEAR(((struct body *)self)->iterator);
  Py_CLEAR(((struct body *)self)->close);
  in_application = before;
  Py_TYPE(self)->tp_free(self);
}

static PyTypeObject body_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "no_memory.Body",
    .tp_basicsize = sizeof(struct body),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = body_next,
    .tp_getattro = body_attribute,
    .tp_dealloc = body_dealloc,
};

static PyObject *body(PyObject *module, PyObject *response) {
  struct body *made = PyObject_New(struct body, &body_type);
  if (!made) return NULL;
  PyObject *close = PyObject_GetAttrString(response, "close");
  made->iterator = PyObject_GetIter(response);
  made->close = close ? PyCFunction_New(&application_definition, close) : NULL;
  Py_XDECREF(close);
  if (made->iterator && made->close) return (PyObject *)made;
  Py_DECREF(made);
  return NULL;
}

static PyObject *call(PyObject *module, PyObject *arguments) {
  PyObject *function, *given, *type, *value, *traceback;
  Py_ssize_t nth;
  int all;
  if (!PyArg_ParseTuple(arguments, "npOO!", &nth, &all, &function, &PyTuple_Type, &given)) return NULL;
  asked = 0, failing = nth, stays = all, in_application = 0, armed = 1;
  PyObject *result = PyObject_Call(function, given, NULL);
  armed = 0;
  if (result) return Py_BuildValue("nNO", asked, result, Py_None);
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return Py_BuildValue("nON", asked, Py_None, value);
}

static PyMethodDef functions[] = {
    {"call", call, METH_VARARGS, NULL},
    {"application", application, METH_O, NULL},
    {"agent", agent, METH_O, NULL},
    {"body", body, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "no_memory", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_no_memory(void) {
  if (PyType_Ready(&body_type) < 0) return NULL;
  for (int index = 0; index < 2; index++) {
    PyMem_GetAllocator(domains[index], &original[index]);
    PyMemAllocatorEx own = {&original[index], take, take_zeroed, resize, give_back};
    PyMem_SetAllocator(domains[index], &own);
  }
  return PyModule_Create(&definition);
}
