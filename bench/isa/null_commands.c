/*
 * A Vulkan driver that wraps another driver and ignores all commands. Mesa's driver for a missing GPU compiles shaders, but crashes
 * when commands are recorded, which Dawn does when it opens a device. WEBVERA_ISA_DRIVER is the library of the wrapped driver.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vk_icd.h>
#include <vulkan/vulkan.h>

static PFN_vkGetDeviceProcAddr get_device_proc;

static void *of_driver(const char *name) {
  static void *driver;
  if (driver == NULL) driver = dlopen(getenv("WEBVERA_ISA_DRIVER"), RTLD_NOW | RTLD_LOCAL);
  return driver == NULL ? NULL : dlsym(driver, name);
}

static VkResult succeed(void) { return VK_SUCCESS; }

/* Functions that record or submit commands, or wait for them. */
static int is_ignored(const char *name) {
  static const char *const BEGINNINGS[] = {"vkCmd", "vkBeginCommandBuffer", "vkEndCommandBuffer",
                                           "vkQueueSubmit", "vkWaitForFences", "vkGetFenceStatus"};
  for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
    if (strncmp(name, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0) return 1;
  return 0;
}

static PFN_vkVoidFunction device_proc(VkDevice device, const char *name) {
  PFN_vkVoidFunction found = get_device_proc(device, name);
  return found != NULL && is_ignored(name) ? (PFN_vkVoidFunction)succeed : found;
}

PFN_vkVoidFunction vk_icdGetInstanceProcAddr(VkInstance instance, const char *name) {
  PFN_vkGetInstanceProcAddr get = (PFN_vkGetInstanceProcAddr)of_driver("vk_icdGetInstanceProcAddr");
  PFN_vkVoidFunction found = get == NULL ? NULL : get(instance, name);
  if (found == NULL || strcmp(name, "vkGetDeviceProcAddr") != 0) return found;
  get_device_proc = (PFN_vkGetDeviceProcAddr)found;
  return (PFN_vkVoidFunction)device_proc;
}

PFN_vkVoidFunction vk_icdGetPhysicalDeviceProcAddr(VkInstance instance, const char *name) {
  PFN_GetPhysicalDeviceProcAddr get = (PFN_GetPhysicalDeviceProcAddr)of_driver("vk_icdGetPhysicalDeviceProcAddr");
  return get == NULL ? NULL : get(instance, name);
}

VkResult vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  PFN_vkNegotiateLoaderICDInterfaceVersion negotiate =
      (PFN_vkNegotiateLoaderICDInterfaceVersion)of_driver("vk_icdNegotiateLoaderICDInterfaceVersion");
  return negotiate == NULL ? VK_ERROR_INCOMPATIBLE_DRIVER : negotiate(version);
}
