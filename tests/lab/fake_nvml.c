// SPDX-License-Identifier: Apache-2.0
/* A libnvidia-ml.so.1 whose cards' truth is known, and whose faults are switched while it runs.
 *
 *   gcc -shared -fPIC -O1 -o libnvidia-ml.so.1 fake_nvml.c -Wl,-soname,libnvidia-ml.so.1
 *   LD_LIBRARY_PATH=. FAKE_NVML_GPUS=2 FAKE_NVML_MW=300000,150000 wattprint run
 *
 * Faults are words, parted by commas or white space, in FAKE_NVML_FAIL or, read anew at every call, in the file
 * that FAKE_NVML_CONTROL names. `fault` is of every card (and of nvmlInit), `N:fault` of card N alone:
 *
 *   init       nvmlInit finds no driver           denied    nvmlInit has no permission
 *   lost       the card has fallen off the bus, until the fault is gone and the library was started again;
 *              its energy counter then begins anew
 *   reset      the card needs a reset             gone      every call finds the library not started
 *   energy     there is no energy counter         power     there is no power
 *   mig        MIG is on                          garbage   every bit of a value is set
 *   hang=S     calls take S seconds               mw=N      the card draws N milliwatts from now on
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_CARDS = 16, EVERY_CARD = -1 };
enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, DRIVER_NOT_LOADED = 9, LOST = 15,
       RESET_REQUIRED = 16 };

typedef int result;
typedef struct card { int index; double milliwatts, millijoules, counted_until; int lost; } *device;
typedef struct { char bus_id_legacy[16]; unsigned domain, bus, device, device_id, subsystem_id; char bus_id[32]; } pci_info;

static struct card cards[MOST_CARDS];
static int count, starts;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void read_faults(char *text, size_t size) {
    const char *path = getenv("FAKE_NVML_CONTROL"), *fixed = getenv("FAKE_NVML_FAIL");
    FILE *file = path ? fopen(path, "r") : NULL;
    snprintf(text, size, "%s", fixed ? fixed : "");
    if (file) {
        text[fread(text, 1, size - 1, file)] = 0;
        fclose(file);
    }
}

/* Whether the card has the fault, and the number after its `=`. */
static int has(int card, const char *fault, double *value) {
    char text[1024], *rest = NULL;
    read_faults(text, sizeof text);
    for (char *word = strtok_r(text, ", \t\n", &rest); word; word = strtok_r(NULL, ", \t\n", &rest)) {
        char *colon = strchr(word, ':'), *name = colon ? colon + 1 : word, *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        if (length != strlen(fault) || strncmp(name, fault, length) || (colon && atoi(word) != card)) continue;
        if (value) *value = equals ? atof(equals + 1) : 0;
        return 1;
    }
    return 0;
}

static void hang(int card) {
    double seconds;
    if (has(card, "hang", &seconds)) {
        struct timespec t = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
        nanosleep(&t, NULL);
    }
}

/* What every call to a card does first: count its energy so far, and meet its faults. */
static result reach(device card) {
    if (!starts || has(EVERY_CARD, "gone", NULL)) return UNINITIALIZED;
    hang(card->index);
    double t = now();
    card->millijoules += card->milliwatts * (t - card->counted_until);
    card->counted_until = t;
    has(card->index, "mw", &card->milliwatts);
    if (has(card->index, "lost", NULL)) card->lost = 1;
    if (card->lost) card->millijoules = 0;
    return card->lost ? LOST : has(card->index, "reset", NULL) ? RESET_REQUIRED : OK;
}

static void power_on(void) {
    const char *gpus = getenv("FAKE_NVML_GPUS"), *milliwatts = getenv("FAKE_NVML_MW");
    char text[512], *rest = NULL;
    snprintf(text, sizeof text, "%s", milliwatts ? milliwatts : "300000");
    count = gpus ? atoi(gpus) : 2;
    if (count > MOST_CARDS) count = MOST_CARDS;
    char *word = strtok_r(text, ",", &rest);
    for (int i = 0; i < count; i++, word = word ? strtok_r(NULL, ",", &rest) : NULL)
        cards[i] = (struct card){i, word ? atof(word) : i ? cards[i - 1].milliwatts : 0, 1000, now(), 0};
}

result nvmlInit_v2(void) {
    static int is_on;
    hang(EVERY_CARD);
    if (has(EVERY_CARD, "denied", NULL)) return NO_PERMISSION;
    if (has(EVERY_CARD, "init", NULL)) return DRIVER_NOT_LOADED;
    if (!is_on++) power_on();
    if (!starts++)
        for (int i = 0; i < count; i++) cards[i].lost = has(i, "lost", NULL);
    return OK;
}

result nvmlShutdown(void) {
    if (!starts) return UNINITIALIZED;
    starts--;
    return OK;
}

result nvmlDeviceGetCount_v2(unsigned *answer) {
    if (!starts) return UNINITIALIZED;
    *answer = (unsigned)count;
    return OK;
}

result nvmlDeviceGetHandleByIndex_v2(unsigned index, device *answer) {
    if (!starts) return UNINITIALIZED;
    if ((int)index >= count) return INVALID;
    *answer = &cards[index];
    return reach(&cards[index]);
}

result nvmlDeviceGetPciInfo_v3(device card, pci_info *answer) {
    memset(answer, 0, sizeof *answer);
    answer->bus = 0x10 + (unsigned)card->index;
    snprintf(answer->bus_id, sizeof answer->bus_id, "00000000:%02X:00.0", answer->bus);
    return reach(card);
}

result nvmlDeviceGetTotalEnergyConsumption(device card, unsigned long long *answer) {
    result reached = reach(card);
    if (reached != OK) return reached;
    if (has(card->index, "energy", NULL)) return NOT_SUPPORTED;
    *answer = has(card->index, "garbage", NULL) ? ~0ULL : (unsigned long long)card->millijoules;
    return OK;
}

result nvmlDeviceGetPowerUsage(device card, unsigned *answer) {
    result reached = reach(card);
    if (reached != OK) return reached;
    if (has(card->index, "power", NULL)) return NOT_SUPPORTED;
    *answer = has(card->index, "garbage", NULL) ? ~0U : (unsigned)card->milliwatts;
    return OK;
}

result nvmlDeviceGetEnforcedPowerLimit(device card, unsigned *answer) {
    *answer = 700000;
    return reach(card);
}

result nvmlDeviceGetMigMode(device card, unsigned *current, unsigned *pending) {
    *current = *pending = (unsigned)has(card->index, "mig", NULL);
    return reach(card);
}
