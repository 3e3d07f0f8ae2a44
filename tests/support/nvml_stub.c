/* A libnvidia-ml.so.1 that answers what the environment tells it to:
 *   NVML_GPUS=2               how many GPUs there are
 *   NVML_FAIL=Name:code,...   the call nvmlDevice<Name> (or Init) returns this code
 *   NVML_LOST=1               this GPU answers every query with "GPU is lost" (15)
 *   NVML_PIDS=123,456         processes that compute on every GPU
 *   NVML_PIDS_FILE=path       a file that names them instead, and may change
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned int version; unsigned long long total, reserved, free, used; } MemoryV2;
typedef struct { unsigned int gpu, memory; } Utilization;
typedef struct { unsigned int pid; unsigned long long memory; unsigned int gpu_instance, compute_instance; } Process;

static const unsigned long long GIB = 1ull << 30;
static int devices[64];

static int told(const char *name) {
    char list[512], *rest = list, *word;
    const char *fail = getenv("NVML_FAIL");
    if (!fail) return 0;
    snprintf(list, sizeof list, "%s", fail);
    while ((word = strsep(&rest, ","))) {
        char *colon = strchr(word, ':');
        if (colon && (*colon = 0, !strcmp(word, name))) return atoi(colon + 1);
    }
    return 0;
}

static int asked(const char *name, int *device) {
    const char *lost = getenv("NVML_LOST");
    if (lost && *lost && atoi(lost) == (int)(device - devices)) return 15;
    return told(name);
}

#define ASK(name) int code = asked(name, device); if (code) return code

int nvmlInitWithFlags(unsigned int flags) { return told("Init"); }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { return code == 9 ? "Driver Not Loaded" : "Some Error"; }
int nvmlDeviceGetCount_v2(unsigned int *count) {
    const char *gpus = getenv("NVML_GPUS");
    *count = gpus ? atoi(gpus) : 1;
    return told("GetCount");
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, int **device) {
    *device = devices + index;
    return asked("GetHandleByIndex", *device);
}
int nvmlDeviceGetUUID(int *device, char *uuid, unsigned int length) {
    ASK("GetUUID");
    snprintf(uuid, length, "GPU-%d", (int)(device - devices));
    return 0;
}
int nvmlDeviceGetName(int *device, char *name, unsigned int length) {
    ASK("GetName");
    snprintf(name, length, "%s", "NVIDIA Stub 80GB");
    return 0;
}
int nvmlDeviceGetMemoryInfo(int *device, Memory *memory) {
    ASK("GetMemoryInfo");
    *memory = (Memory){80 * GIB, 38 * GIB, 42 * GIB};
    return 0;
}
int nvmlDeviceGetMemoryInfo_v2(int *device, MemoryV2 *memory) {
    ASK("GetMemoryInfo_v2");
    unsigned int version = memory->version;
    *memory = (MemoryV2){version, 80 * GIB, GIB, 38 * GIB, 41 * GIB};
    return 0;
}
int nvmlDeviceGetUtilizationRates(int *device, Utilization *rates) {
    ASK("GetUtilizationRates");
    *rates = (Utilization){97, 50};
    return 0;
}
int nvmlDeviceGetTemperature(int *device, int sensor, unsigned int *degrees) {
    ASK("GetTemperature");
    *degrees = 61;
    return 0;
}
int nvmlDeviceGetPowerUsage(int *device, unsigned int *milliwatts) {
    ASK("GetPowerUsage");
    *milliwatts = 512000;
    return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(int *device, unsigned long long *millijoules) {
    ASK("GetTotalEnergyConsumption");
    *millijoules = 7200000;
    return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(int *device, unsigned int *count, Process *processes) {
    char list[512] = "", *rest = list, *word;
    const char *pids = getenv("NVML_PIDS");
    unsigned int found = 0, room = *count;
    ASK("GetComputeRunningProcesses");
    FILE *file = getenv("NVML_PIDS_FILE") ? fopen(getenv("NVML_PIDS_FILE"), "r") : NULL;
    if (file) {
        list[fread(list, 1, sizeof list - 1, file)] = 0;
        fclose(file);
    } else if (pids) snprintf(list, sizeof list, "%s", pids);
    while ((word = strsep(&rest, ",")) && *word) {
        if (found < room) processes[found] = (Process){atoi(word), 40 * GIB, ~0u, ~0u};
        found++;
    }
    *count = found;
    return found > room ? 7 : 0;
}
